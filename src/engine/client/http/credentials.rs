//! Credentials that are worked out when a request goes out: a digest of what the server asked for
//! (RFC 7616), a signature of the whole request (AWS).
//!
//! What a server asks for with 401 is answered once; it is known for the requests behind that one,
//! too, so that a redirect within the origin costs no second question. Another origin gets none:
//! the plan that leads there has no credentials any more.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::request;
use crate::codec::aws_signature::{self, AwsRequest, AwsSigner};
use crate::codec::digest_auth::{DigestChallenge, DigestRequest};
use crate::codec::hex;
use crate::codec::netrc::{self, NetrcLogin};
use crate::codec::printable::printable_str;
use crate::engine::budget::Budget;
use crate::engine::clock;
use crate::engine::http::body_source::{BodySource, SourceError};
use crate::engine::random;
use crate::model::exchange::Head;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::AwsKeys;
use crate::model::plan::{HttpPlan, PlanAuth};
use crate::named_file;

/// Longest file of logins.
const NETRC: u64 = 1024 * 1024;
/// Bytes of the nonce of a client.
const NONCE: usize = 16;

/// What is known of whom a session asks.
#[derive(Debug, Default)]
pub(super) struct HopCredentials {
    asked: Option<DigestChallenge>,
    /// How often its nonce was used.
    used: u32,
}

/// What an answer means for the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stands.
    Stands,
    /// It stands, and this is odd about it.
    Remarked(String),
    /// The request goes out once more, with what it asks for.
    Asks,
}

impl HopCredentials {
    /// The request as it goes out; `is_own` = to the origin it was made for.
    pub(super) async fn applied<'p>(
        &mut self,
        plan: &'p HttpPlan,
        is_own: bool,
        budget: &Budget,
    ) -> Result<Cow<'p, HttpPlan>, Failure> {
        let added = match &plan.auth {
            PlanAuth::None => match of_file(plan, is_own)? {
                None => return Ok(Cow::Borrowed(plan)),
                Some(login) => vec![login],
            },
            PlanAuth::Digest { user, password } => match self.asked.clone() {
                None => return Ok(Cow::Borrowed(plan)),
                Some(asked) => vec![self.digest(plan, &asked, (user, password), budget).await?],
            },
            PlanAuth::Aws(keys) => signature(plan, keys, budget).await?,
        };
        let mut plan = plan.clone();
        plan.headers.extend(added);
        Ok(Cow::Owned(plan))
    }

    async fn digest(
        &mut self,
        plan: &HttpPlan,
        asked: &DigestChallenge,
        (user, password): (&str, &str),
        budget: &Budget,
    ) -> Result<(String, String), Failure> {
        self.used = self.used.saturating_add(1);
        let body = if asked.hashes_body() {
            let mut hash = asked.body_hash();
            each_piece(plan, budget, |piece| hash.push(piece)).await?;
            Some(hash.finish())
        } else {
            None
        };
        let value = asked.answer(&DigestRequest {
            user,
            password,
            method: &plan.method,
            target: &request::target(&plan.url),
            client_nonce: &nonce(plan)?,
            count: self.used,
            body: body.as_deref(),
        });
        Ok(("Authorization".into(), value))
    }

    /// What this answer to the request means.
    pub(super) fn judge(&mut self, plan: &HttpPlan, head: &Head) -> Verdict {
        let PlanAuth::Digest { user, .. } = &plan.auth else { return Verdict::Stands };
        if head.status() != Some(401) {
            return Verdict::Stands;
        }
        let asked = match DigestChallenge::of(head.all("www-authenticate").map(|value| &**value)) {
            Err(why) => {
                let why = printable_str(&why).into_owned();
                return Verdict::Remarked(format!("the server asks for Digest, but {why}"));
            }
            Ok(None) => {
                let why = "the server does not ask for Digest; the password was not used";
                return Verdict::Remarked(why.into());
            }
            Ok(Some(asked)) => asked,
        };
        let is_answered = self.asked.as_ref().is_some_and(|known| {
            // A nonce may grow old; a server that says so twice of the same one is mistaken.
            !asked.is_stale || asked.is_same_nonce(known)
        });
        if is_answered {
            let (user, realm) = (printable_str(user), printable_str(&asked.realm));
            let text = format!("the server does not take this password of '{user}' for '{realm}'");
            return Verdict::Remarked(text);
        }
        (self.asked, self.used) = (Some(asked), 0);
        Verdict::Asks
    }
}

/// The login that the file of logins has for the host. What it has for every host is of the own origin alone: a server that
/// redirects must not choose who gets it.
fn of_file(plan: &HttpPlan, is_own: bool) -> Result<Option<(String, String)>, Failure> {
    let Some(file) = &plan.transfer.netrc else { return Ok(None) };
    let unreadable = |why: String| {
        Failure::new(Stage::Compose, file.display().to_string(), FailureKind::Usage, why)
            .hint("name a file of logins, or leave netrc empty")
    };
    let text = named_file::read_text(file, NETRC).map_err(|error| unreadable(error.to_string()))?;
    let host = request::destination(plan)?.0.host;
    let login = netrc::login(&text, &host, is_own).map_err(unreadable)?;
    Ok(login.map(|NetrcLogin { user, password }| {
        let coded = STANDARD.encode(format!("{user}:{password}"));
        ("Authorization".to_owned(), format!("Basic {coded}"))
    }))
}

/// The headers that AWS wants of this request.
async fn signature(
    plan: &HttpPlan,
    keys: &AwsKeys,
    budget: &Budget,
) -> Result<Vec<(String, String)>, Failure> {
    let mut hash = Sha256::new();
    each_piece(plan, budget, |piece| hash.update(piece)).await?;
    let AwsKeys { access_key, secret_key, session_token, region, service } = keys;
    let signer = AwsSigner { access_key, secret_key, session_token, region, service };
    Ok(aws_signature::signed(
        &signer,
        &AwsRequest {
            method: &plan.method,
            target: &request::target(&plan.url),
            headers: &plan.headers,
            body: &hex::written(&hash.finalize()),
            time: &now(),
        },
    ))
}

/// The time as AWS writes it.
fn now() -> String {
    let now = i128::from(clock::wall().0);
    let now = Timestamp::from_nanosecond(now).unwrap_or_default();
    now.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Something that nobody has used before.
fn nonce(plan: &HttpPlan) -> Result<String, Failure> {
    let bytes = random::bytes::<NONCE>()
        .map_err(|cause| Failure::new(Stage::Compose, &*plan.url, FailureKind::Io, cause))?;
    Ok(hex::written(&bytes))
}

/// Looks at the whole body, files included, before it is sent.
async fn each_piece(
    plan: &HttpPlan,
    budget: &Budget,
    mut look: impl FnMut(&[u8]),
) -> Result<(), Failure> {
    let unreadable =
        |why: String| Failure::new(Stage::Compose, &*plan.url, FailureKind::NotFound, why);
    let mut source = BodySource::open(&plan.body, budget).await.map_err(|why| match why {
        SourceError::Full(why) | SourceError::Unreadable(why) => unreadable(why),
    })?;
    loop {
        let piece = source.next().await.map_err(|error| {
            unreadable(format!("the body file could not be read to its end: {error}"))
        })?;
        if piece.is_empty() {
            return Ok(());
        }
        look(&piece);
    }
}
