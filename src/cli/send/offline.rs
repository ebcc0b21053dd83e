//! `send --offline`: the request as it would go, and no socket. Called by `send`.

use bytes::BytesMut;
use tokio::task::yield_now;

use super::body_printer::print_line;
use crate::cli::exit;
use crate::cli::output::{self, Output, Style};
use crate::codec::lines::{JsonCheck, LineScanner};
use crate::engine::UnsentRequest;
use crate::model::failure::Failure;
use crate::model::plan::{HttpPlan, PlanAuth};
use crate::model::secrets::Disclosure;
use crate::model::view::ViewMode;

/// Longest body that is laid out, in bytes; what is longer is printed as it would go.
const LAID_OUT: usize = 1024 * 1024;
/// Rows of a body that is laid out: never more than it has bytes.
const ROWS: usize = LAID_OUT;

/// Prints it; returns the exit status.
pub(super) async fn print(
    plan: &HttpPlan,
    told: &Disclosure,
    output: &mut Output,
) -> Result<u8, Failure> {
    let mut request = UnsentRequest::open(plan).await?;
    let head = told.head(&request.head);
    if head != request.head {
        output::note("credentials in the head are masked; --with-secrets prints them");
    }
    if matches!(plan.auth, PlanAuth::Digest { .. }) {
        output::note("no Authorization yet: a digest answers what the server asks for with 401");
    }
    output.head(&head);
    let mut begin = BytesMut::new();
    let mut is_over = false;
    // A short body is looked at as a whole.
    while output.is_laid_out && !is_over && begin.len() <= LAID_OUT {
        let piece = request.next().await?;
        is_over = piece.is_empty();
        begin.extend_from_slice(&piece);
    }
    if is_over && lay_out(&begin, output) {
        return Ok(exit::OK);
    }
    if output.style == Style::Text && begin.contains(&0) {
        output.line("(a binary body; --raw prints its bytes, for a file or another program)");
        return Ok(exit::OK);
    }
    output.piece(&begin);
    while !is_over {
        output.ready().await?;
        let piece = request.next().await?;
        is_over = piece.is_empty();
        output.piece(&piece);
        // A signal may have come meanwhile.
        yield_now().await;
    }
    output.end_pieces();
    Ok(exit::OK)
}

/// Whether it is JSON, which is printed in lines then.
fn lay_out(body: &[u8], output: &mut Output) -> bool {
    if !body.trim_ascii_start().starts_with(b"{") && !body.trim_ascii_start().starts_with(b"[") {
        return false;
    }
    let mut check = JsonCheck::default();
    check.push(body);
    if check.flaw().is_some() || check.unfinished().is_some() {
        return false;
    }
    for (index, line) in LineScanner::new(ViewMode::Pretty).format(body, 0, ROWS).iter().enumerate()
    {
        print_line(line, index == 0, output);
    }
    output.safe("\n");
    true
}
