//! How a request is carried: the part that is asked for, how fast, with a login of which file.

use super::sockets;
use super::text::Composer;
use crate::model::byte_size::parse_rate;
use crate::model::field_id::FieldId;
use crate::model::transfer::{RetryOptions, TransferOptions, TransferSpec, is_range};

/// All but the range. What a request says of credentials itself goes before a file of logins.
pub(super) fn options(
    spec: &TransferSpec,
    takes_login: bool,
    composer: &mut Composer<'_>,
) -> TransferOptions {
    let field = FieldId::new("limit-rate");
    let rate = composer.line(field, &spec.limit_rate);
    let rate = Some(rate.trim()).filter(|rate| !rate.is_empty()).map(parse_rate).transpose();
    let limit_rate = rate.unwrap_or_else(|why| {
        composer.issue(field, why);
        None
    });
    let netrc = spec.netrc.trim();
    let netrc =
        (!netrc.is_empty()).then(|| sockets::file(FieldId::new("netrc"), netrc, composer).into());
    let TransferSpec { retry, retry_delay, retry_max_time, .. } = *spec;
    let retry = RetryOptions { times: retry, delay: retry_delay, max_time: retry_max_time };
    TransferOptions { limit_rate, netrc: netrc.filter(|_| takes_login), retry }
}

/// The value of `Range`, if a part is asked for.
pub(super) fn range(spec: &TransferSpec, composer: &mut Composer<'_>) -> Option<String> {
    let (field, count) = (FieldId::new("range"), composer.issues.len());
    let range = composer.line(field, &spec.range);
    let range = range.trim();
    if range.is_empty() || composer.issues.len() > count {
        return None;
    }
    if !is_range(range) {
        let why = format!("'{range}' is no range of bytes; write 0-499, 500- or -100");
        composer.issue(field, why);
        return None;
    }
    Some(format!("bytes={range}"))
}
