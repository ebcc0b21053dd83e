//! Has a body in another charset made UTF-8, as the workbench does before it lays JSON out. Called by
//! `send::body_printer` when all of the body is there.

use crate::cli::headless::Headless;
use crate::engine::command::Command;
use crate::engine::event::Event;
use crate::model::failure::Failure;
use crate::model::id::BodyId;
use crate::model::recipe::{Derivation, Recipe, RecipeKind};
use crate::model::view::ViewPart;

/// The same text in UTF-8; `None` = it could not be made, or not all of it.
pub(super) async fn as_utf8(
    body: BodyId,
    content_type: Option<String>,
    headless: &mut Headless,
) -> Result<Option<BodyId>, Failure> {
    let BodyId(number) = body;
    let recipe = Recipe { kind: RecipeKind::Recode, text: String::new() };
    let part = ViewPart::Decoded;
    let order = Derivation { number, body, part, from: 0, content_type, recipe };
    headless.engine.command(Command::Derive(order))?;
    loop {
        match headless.events.urgent.recv().await {
            Some(Event::Derived(report)) if report.number == number => match report.outcome {
                Some(Ok(())) => return Ok(report.body.filter(|_| !report.is_cut)),
                Some(Err(_)) => return Ok(None),
                None => {}
            },
            Some(_) => {}
            None => return Ok(None),
        }
    }
}
