//! What is done and answered in conversations: steps, and automatic answers with when they fit.

use std::time::Duration;

use bytes::Bytes;

use super::awaited::AwaitedPlan;

/// Sends bytes, or fails unless what is awaited is received in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepPlan {
    Send(Bytes),
    Expect { awaited: AwaitedPlan, within: Duration },
}

/// An automatic answer with its payloads as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePlan {
    /// Which rule it is among those of a session (`RuleTag`).
    pub id: u32,
    pub when: WhenPlan,
    pub send: Vec<AnswerPart>,
    pub delay: Duration,
}

/// Whether an automatic answer fits what was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhenPlan {
    Always,
    Contains(Bytes),
    Equals(Bytes),
    StartsWith(Bytes),
    /// Source of a `regex::bytes::Regex`, checked when the plan was made.
    Matches(String),
}

/// Part of an automatic answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerPart {
    Literal(Bytes),
    /// The whole received message.
    Message,
    /// The part that matched.
    Match,
}
