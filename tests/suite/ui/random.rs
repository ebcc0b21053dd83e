//! Random messages: whatever comes in whatever order, the program stands and the screen is drawn.

use proptest::prelude::*;
use wirebench::app::action::TABLE;
use wirebench::app::message::{Input, Message, Mouse, MouseKind, Timer};
use wirebench::engine::command::Command;
use wirebench::engine::event::{Event, Phase, Summary};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::id::SessionId;
use wirebench::model::key::Key;
use wirebench::store::job::{JobKind, Reply};

use crate::harness::app::{Driver, NOON, draw};
use crate::harness::store::{starter_workspace, workspace};

fn keys() -> Vec<Key> {
    let bound = TABLE.iter().flat_map(|row| row.keys).map(|(_, keys)| *keys);
    let typed = [
        "a",
        "1",
        " ",
        "/",
        "é",
        "<Backspace>",
        "<Del>",
        "<Home>",
        "<End>",
        "y",
        "n",
        "&",
        "=",
        "<C-S-Left>",
    ];
    bound.chain(typed).flat_map(|run| Key::parse_run(run).unwrap()).collect()
}

fn message() -> impl Strategy<Value = Message> {
    let key = proptest::sample::select(keys()).prop_map(|key| Message::Input(Input::Key(key)));
    let kind = proptest::sample::select(vec![
        MouseKind::Press,
        MouseKind::Drag,
        MouseKind::Release,
        MouseKind::ScrollUp,
        MouseKind::ScrollDown,
    ]);
    let mouse = (kind, 0..140u16, 0..50u16)
        .prop_map(|(kind, column, row)| Message::Input(Input::Mouse(Mouse { kind, column, row })));
    let resize = (1..140u16, 1..50u16)
        .prop_map(|(columns, rows)| Message::Input(Input::Resize { columns, rows }));
    let paste = proptest::sample::select(vec!["", "a\nb", "\u{1b}[2J", "curl http://h/", "ä/ö"])
        .prop_map(|text| Message::Input(Input::Paste(text.into())));
    prop_oneof![30 => key, 4 => mouse, 2 => resize, 2 => paste, 3 => store(), 4 => engine()]
}

fn store() -> impl Strategy<Value = Message> {
    let failure = || Failure::new(Stage::Storage, "f", FailureKind::Io, "disk full");
    let replies = vec![
        Message::Store(Reply::Workspace(Box::new(starter_workspace()))),
        Message::Store(Reply::Workspace(Box::new(workspace(&[("a/b", "[tcp]\n")])))),
        Message::Store(Reply::Failed { job: JobKind::SavePreset.into(), failure: failure() }),
        Message::Timer(Timer::Notice),
        Message::Timer(Timer::Restore),
        Message::Trouble(failure()),
    ];
    proptest::sample::select(replies)
}

fn engine() -> impl Strategy<Value = Message> {
    let id = (1..5u64).prop_map(SessionId);
    (id, 0..4u8).prop_map(|(id, what)| {
        let at = NOON;
        Message::Engine(match what {
            0 => {
                let phase = Phase::Listening { addresses: Vec::new(), receive_buffer: None };
                Event::Phase { id, phase, at }
            }
            1 => Event::Done { id, outcome: Ok(Summary::default()), at },
            2 => Event::Phase { id, phase: Phase::Waiting, at },
            _ => {
                let failure = Failure::new(Stage::Connect, "h:1", FailureKind::Refused, "refused");
                Event::Done { id, outcome: Err(failure), at }
            }
        })
    })
}

proptest! {
    #![proptest_config(crate::property_tests::cases(48))]

    #[test]
    fn whatever_comes_the_program_stands(messages in prop::collection::vec(message(), 1..120)) {
        let mut driver = Driver::starter((100, 30));
        let mut opened = std::collections::BTreeSet::new();
        for message in messages {
            let before = driver.effects.len();
            driver.send(message);
            for effect in driver.effects.split_off(before) {
                if let wirebench::app::effect::Effect::Engine(Command::Open { id, .. }) = effect {
                    prop_assert!(opened.insert(id), "session ids are used once");
                }
            }
            prop_assert!(driver.app.shared.drafts.iter().count() > 0);
        }
        let size = driver.app.shared.size;
        let buffer = draw(&driver.app);
        prop_assert_eq!((buffer.area.width, buffer.area.height), size);
    }
}
