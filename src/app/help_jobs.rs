//! What the keys of a place are for, where it has so many that one list of them would have to be read through:
//! those of Traffic by job.
//!
//! Used by the help; a test looks that every key of Traffic has its job.

use super::action::Action;

/// The jobs of Traffic, and the actions that do them in the order they are told.
pub(super) const TRAFFIC: &[(&str, &[Action])] = &[
    (
        "look at a row",
        &[
            Action::Detail,
            Action::ViewHex,
            Action::ViewMode,
            Action::Select,
            Action::OpenConversation,
        ],
    ),
    (
        "find and filter",
        &[
            Action::Find,
            Action::FilterBy,
            Action::SaveFilter,
            Action::FindText,
            Action::FindNext,
            Action::FindPrevious,
        ],
    ),
    (
        "go through the rows",
        &[
            Action::NextError,
            Action::PreviousError,
            Action::NextSlow,
            Action::PreviousSlow,
            Action::NextMarked,
            Action::PreviousMarked,
            Action::GoToTime,
            Action::LaterSpan,
            Action::EarlierSpan,
            Action::Pause,
        ],
    ),
    (
        "act on them",
        &[
            Action::Mark,
            Action::Comment,
            Action::Compare,
            Action::Replay,
            Action::MakePreset,
            Action::MakeMock,
            Action::MakeRule,
            Action::Export,
            Action::PipeLive,
            Action::Clear,
            Action::UndoClear,
        ],
    ),
    (
        "copy",
        &[
            Action::Copy,
            Action::CopyHex,
            Action::CopyEscaped,
            Action::CopyC,
            Action::CopyPython,
            Action::CopyCurl,
        ],
    ),
    (
        "how the list looks",
        &[
            Action::Columns,
            Action::SortBy,
            Action::ColorRows,
            Action::ShowTimes,
            Action::TimeStrip,
            Action::Statistics,
        ],
    ),
];
