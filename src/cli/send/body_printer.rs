//! Prints the body of one message: its bytes, text made printable, or JSON laid out. Called by
//! `send::http` for responses while they come, and for requests when they are out.

use super::recoding::as_utf8;
use crate::cli::colours;
use crate::cli::headless::Headless;
use crate::cli::output::{Output, Style};
use crate::codec::charset::{self, NAMED_WITHIN, Recoder};
use crate::codec::highlight;
use crate::codec::lines::{JsonCheck, is_labelled_json};
use crate::codec::printable::printable;
use crate::engine::event::Event;
use crate::model::exchange::HttpMessage;
use crate::model::failure::Failure;
use crate::model::id::BodyId;
use crate::model::view::{ViewLine, ViewMode, ViewPart, ViewQuery};

/// Read from a body at a time.
pub(super) const PIECE: usize = 256 * 1024;
/// Bytes that tell a byte order mark.
const MARK: usize = 4;
/// Lines of a laid-out body asked for at a time.
const LINES: u16 = 1000;

/// What has been printed of a body.
#[derive(Debug)]
pub(super) struct BodyPrinter {
    body: BodyId,
    content_type: Option<String>,
    is_json: bool,
    /// Bytes printed so far.
    printed: u64,
    /// Its text is in another charset.
    recoder: Option<Recoder>,
    /// It is no text, and that is said in its place.
    is_binary: bool,
}

impl BodyPrinter {
    /// At the start of the body of a message.
    pub(super) fn new(message: &HttpMessage) -> Self {
        let content_type = message.head.field("content-type");
        BodyPrinter {
            body: message.body.id,
            content_type: content_type.map(|value| String::from_utf8_lossy(value).into_owned()),
            is_json: content_type
                .is_some_and(|value| is_labelled_json(&String::from_utf8_lossy(value))),
            printed: 0,
            recoder: None,
            is_binary: false,
        }
    }

    /// Bytes printed so far.
    pub(super) fn printed(&self) -> u64 {
        self.printed
    }

    /// JSON for people: it is printed when all of it is there.
    fn waits(&self, output: &Output) -> bool {
        output.is_laid_out && self.is_json
    }

    /// Prints what has come, unless it is laid out as a whole.
    pub(super) async fn advance(
        &mut self,
        output: &mut Output,
        headless: &Headless,
    ) -> Result<(), Failure> {
        if self.waits(output) {
            return Ok(());
        }
        self.print(false, output, headless).await
    }

    /// All has come that will: prints the rest. Returns what there is to say about it.
    pub(super) async fn finish(
        &mut self,
        output: &mut Output,
        headless: &mut Headless,
    ) -> Result<Vec<String>, Failure> {
        let mut remarks = Vec::new();
        let mut laid_out = None;
        if self.waits(output) && self.printed == 0 {
            match self.looked_at(output, headless).await? {
                Checked::Json => laid_out = self.in_utf8(headless).await?,
                Checked::Flawed(why) => remarks.push(why),
                Checked::Damaged => {}
            }
        }
        match laid_out {
            Some(body) => print_laid_out(body, output, headless).await?,
            None => self.print(true, output, headless).await?,
        }
        if let (Some(why), false) = (remarks.first_mut(), self.is_binary) {
            why.push_str("; the body is printed as it came");
            if output.style == Style::Text {
                why.push_str(", control characters as escapes");
            }
        }
        if let Some(mut recoder) = self.recoder.take() {
            output.piece(recoder.push(b"", true).as_bytes());
            if recoder.is_damaged() {
                remarks
                    .push(format!("bytes that are no {} are printed as \u{fffd}", recoder.name()));
            }
        }
        output.end_pieces();
        if output.style == Style::Text && !self.is_binary {
            remarks.extend(self.charset_remark(headless)?);
        }
        Ok(remarks)
    }

    /// What there is to say about the charset of a text.
    fn charset_remark(&self, headless: &Headless) -> Result<Option<String>, Failure> {
        let first = headless.read_body(self.body, 0, NAMED_WITHIN)?;
        let remark = charset::remark(self.content_type.as_deref(), &first);
        Ok(remark.filter(|_| !first.is_empty()))
    }

    /// Prints what is there; `is_whole` when nothing more comes.
    async fn print(
        &mut self,
        is_whole: bool,
        output: &mut Output,
        headless: &Headless,
    ) -> Result<(), Failure> {
        loop {
            output.ready().await?;
            let bytes = headless.read_body(self.body, self.printed, PIECE)?;
            if bytes.is_empty() || self.is_binary {
                return Ok(());
            }
            if self.printed == 0 && output.style == Style::Text {
                let names_itself = charset::may_name_itself(self.content_type.as_deref(), &bytes);
                let needed = if names_itself { NAMED_WITHIN } else { MARK };
                if bytes.len() < needed && !is_whole {
                    return Ok(());
                }
                self.recoder = self.recoder_for(&bytes);
                self.is_binary = self.recoder.is_none() && bytes.contains(&0);
                if self.is_binary {
                    let what =
                        "a binary body; --raw prints its bytes, for a file or another program";
                    output.line(&format!("({what})"));
                    return Ok(());
                }
            }
            self.printed += bytes.len() as u64;
            match &mut self.recoder {
                Some(recoder) => output.piece(recoder.push(&bytes, false).as_bytes()),
                None => output.piece(&bytes),
            }
        }
    }

    /// What reads a body that begins with these bytes, if it is in another charset.
    fn recoder_for(&self, first: &[u8]) -> Option<Recoder> {
        Recoder::of(self.content_type.as_deref(), first)
    }

    /// The body as UTF-8: itself, or what was made of it.
    async fn in_utf8(&self, headless: &mut Headless) -> Result<Option<BodyId>, Failure> {
        let first = headless.read_body(self.body, 0, NAMED_WITHIN)?;
        match self.recoder_for(&first) {
            None => Ok(Some(self.body)),
            Some(_) => as_utf8(self.body, self.content_type.clone(), headless).await,
        }
    }

    /// Whether a body is JSON from its first byte to its last.
    async fn looked_at(&self, output: &Output, headless: &Headless) -> Result<Checked, Failure> {
        let (mut check, mut at) = (JsonCheck::default(), 0);
        let mut recoder = None;
        loop {
            output.ready().await?;
            let bytes = headless.read_body(self.body, at, PIECE)?;
            if at == 0 {
                recoder = self.recoder_for(&bytes);
            }
            match &mut recoder {
                Some(recoder) => check.push(recoder.push(&bytes, bytes.is_empty()).as_bytes()),
                None => check.push(&bytes),
            }
            let of = if recoder.is_some() { " of its text in UTF-8" } else { "" };
            if let Some(flaw) = check.flaw() {
                return Ok(Checked::Flawed(format!("{flaw}{of}")));
            }
            if bytes.is_empty() {
                let is_damaged = recoder.is_some_and(|recoder| recoder.is_damaged());
                return Ok(match check.unfinished() {
                    _ if at == 0 => Checked::Json,
                    Some(why) => {
                        let end = check.offset();
                        Checked::Flawed(format!("not JSON: {why} at byte {end}{of}"))
                    }
                    None if is_damaged => Checked::Damaged,
                    None => Checked::Json,
                });
            }
            at += bytes.len() as u64;
            // A signal may have come meanwhile.
            tokio::task::yield_now().await;
        }
    }
}

/// What a body that is called JSON is.
enum Checked {
    Json,
    /// It is none, and why.
    Flawed(String),
    /// Some of its bytes are no text in its charset, which is said when it is printed.
    Damaged,
}

/// JSON in lines, as the viewer of the workbench lays it out.
async fn print_laid_out(
    body: BodyId,
    output: &mut Output,
    headless: &mut Headless,
) -> Result<(), Failure> {
    let mut top = 0;
    loop {
        let (part, mode) = (ViewPart::Decoded, ViewMode::Pretty);
        let query = ViewQuery::new(body, part, mode, top, LINES);
        output.ready().await?;
        headless.engine.view(query.clone())?;
        let view = loop {
            match headless.events.urgent.recv().await {
                Some(Event::View(view)) if view.query == query => break view,
                Some(_) => {}
                None => return Ok(()),
            }
        };
        // Past the end the last lines come again.
        let fresh = view.lines.iter().skip(top.saturating_sub(view.top) as usize);
        let before = top;
        for line in fresh {
            print_line(line, top == 0, output);
            top += 1;
        }
        if top == before || (view.complete && top >= view.total_lines) {
            output.safe("\n");
            return Ok(());
        }
    }
}

/// A line of laid-out JSON, with the line break before it.
pub(super) fn print_line(line: &ViewLine, is_first: bool, output: &mut Output) {
    let breaks = if line.continued || is_first { "" } else { "\n" };
    let indent = if line.continued { 0 } else { usize::from(line.indent) };
    let text = match (output.is_coloured, line.continued) {
        (false, _) => printable(&line.bytes),
        (true, false) => colours::tokens(&line.bytes, &highlight::json(&line.bytes)),
        (true, true) => colours::tokens(&line.bytes, &highlight::json_continued(&line.bytes)),
    };
    output.safe(&format!("{breaks}{:indent$}{text}", ""));
}
