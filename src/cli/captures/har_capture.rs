//! The file of `--har`: an entry for each exchange that is over. It appears whole, when all is over.

use super::capture_file::CaptureFile;
use crate::cli::exit;
use crate::cli::output;
use crate::cli::output_file::OutputFile;
use crate::interop::har;
use crate::model::counts::counted;
use crate::model::failure::Failure;

/// Entries so far, and where they go.
pub(super) struct HarCapture {
    pub(super) file: CaptureFile,
    /// What gives the file its name; `None` = it goes to standard output.
    place: Option<OutputFile>,
    is_first: bool,
    /// Connections that spoke something else.
    others: u64,
}

impl HarCapture {
    /// Begins the file of this name.
    pub(super) fn begin(name: &str) -> Result<Self, Failure> {
        let place = (name != "-").then(|| OutputFile::begin_private(name)).transpose()?;
        let mut file = match &place {
            Some(place) => CaptureFile::of("--har", name, place.file()?),
            None => CaptureFile::begin("--har", name)?,
        };
        file.push(har::begin().as_bytes());
        Ok(HarCapture { file, place, is_first: true, others: 0 })
    }

    /// Adds the entry of an exchange.
    pub(super) fn entry(&mut self, entry: &str) {
        self.file.push(har::separator(std::mem::take(&mut self.is_first)).as_bytes());
        self.file.push(entry.as_bytes());
    }

    /// A connection that has no exchanges.
    pub(super) fn leave_out(&mut self) {
        self.others += 1;
    }

    /// Nothing more happens.
    pub(super) fn finish(&mut self) {
        let others = self.others;
        let words = (others > 0).then(|| {
            format!(
                "{} of TCP or UDP left out: HAR holds what is sent, served and relayed as HTTP; \
                 --pcapng and --jsonl hold them",
                counted(others, "connection")
            )
        });
        if let Some(words) = &words {
            output::note(&format!("--har: {words}"));
        }
        self.file.push(har::end(words.as_deref()).as_bytes());
    }

    /// All was written, or not: gives the file its name, or leaves what there is of it beside. Whether
    /// it has its name.
    pub(super) async fn conclude(self, is_whole: bool) -> bool {
        let Some(place) = self.place else { return is_whole };
        let written = if is_whole { exit::OK } else { exit::INTERRUPTED };
        place.conclude(Ok(written)).await == Ok(exit::OK)
    }
}
