//! The application: `App::update(Message) -> Effects`, pure and synchronous.

pub mod effect;
pub mod message;
