//! Prints what a jq filter makes of the body of an answer, a result a line. Called by `send::http` when all
//! of the body is there; the filter runs as it does in the workbench, in a process of its own.

use std::time::Duration;

use super::body_printer::PIECE;
use crate::cli::headless::Headless;
use crate::cli::output::Output;
use crate::engine::command::Command;
use crate::engine::event::Event;
use crate::model::exchange::Exchange;
use crate::model::failure::Failure;
use crate::model::id::BodyId;
use crate::model::recipe::{Derivation, DerivationReport, Recipe, RecipeKind};
use crate::model::view::ViewPart;

/// Pause before further results are looked for.
const LOOK: Duration = Duration::from_millis(20);

/// Prints what a filter makes of answers.
#[derive(Debug)]
pub(super) struct ResultPrinter<'a> {
    filter: &'a str,
    /// An answer was not filtered to its end.
    pub(super) is_unfinished: bool,
}

impl<'a> ResultPrinter<'a> {
    /// Nothing printed yet.
    pub(super) fn new(filter: &'a str) -> Self {
        ResultPrinter { filter, is_unfinished: false }
    }

    /// Filters the body of an answer and prints the results; why that was not all.
    pub(super) async fn print(
        &mut self,
        exchange: &Exchange,
        output: &mut Output,
        headless: &mut Headless,
    ) -> Result<Option<String>, Failure> {
        let flaw = print(self.filter, exchange, output, headless).await?;
        self.is_unfinished |= flaw.is_some();
        Ok(flaw)
    }
}

/// Filters the body of an answer and prints the results while they are made; why that was not all.
async fn print(
    filter: &str,
    exchange: &Exchange,
    output: &mut Output,
    headless: &mut Headless,
) -> Result<Option<String>, Failure> {
    let Some(response) = &exchange.response else { return Ok(None) };
    let number = u64::from(exchange.number) + 1;
    let content_type = response.head.field("content-type");
    let order = Derivation {
        number,
        body: response.body.id,
        part: ViewPart::Decoded,
        from: 0,
        content_type: content_type.map(|value| String::from_utf8_lossy(value).into_owned()),
        recipe: Recipe { kind: RecipeKind::Jq, text: filter.to_owned() },
    };
    headless.engine.command(Command::Derive(order))?;
    let mut results = Results::default();
    loop {
        let event = tokio::time::timeout(LOOK, headless.events.urgent.recv()).await;
        let report = match event {
            Ok(Some(Event::Derived(report))) if report.number == number => Some(report),
            Ok(None) => return Ok(Some("jq: the filter was ended".to_owned())),
            Ok(Some(_)) => continue,
            Err(_late) => None,
        };
        results.made = report.as_ref().and_then(|report| report.body).or(results.made);
        results.print(output, headless).await?;
        if let Some(report) = report.filter(|report| report.outcome.is_some()) {
            output.end_pieces();
            return Ok(flaw(*report));
        }
    }
}

/// What has been printed of what the filter gave.
#[derive(Debug, Default)]
struct Results {
    made: Option<BodyId>,
    printed: u64,
}

impl Results {
    async fn print(&mut self, output: &mut Output, headless: &Headless) -> Result<(), Failure> {
        let Some(made) = self.made else { return Ok(()) };
        loop {
            output.ready().await?;
            let bytes = headless.read_body(made, self.printed, PIECE)?;
            if bytes.is_empty() {
                return Ok(());
            }
            self.printed += bytes.len() as u64;
            output.piece(&bytes);
        }
    }
}

/// Why results are missing, in words.
fn flaw(report: DerivationReport) -> Option<String> {
    match report.outcome {
        Some(Err(why)) => Some(format!("jq: {why}")),
        _ => report.is_cut.then(|| format!("jq: the results are {}", report.remark)),
    }
}
