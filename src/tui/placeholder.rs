//! Stands in for the application until it is there.

use crate::app::effect::Effect;
use crate::app::message::{Input, Message};
use crate::model::key::{Key, KeyCode};
use crate::model::timing::Stamp;

pub(super) struct App {
    typed: String,
    dirty: bool,
}

impl App {
    pub(super) fn new() -> Self {
        App { typed: String::new(), dirty: true }
    }
    pub(super) fn update(&mut self, message: Message, _now: Stamp) -> Vec<Effect> {
        self.dirty = true;
        match message {
            Message::Input(Input::Terminate) => return vec![Effect::Quit],
            Message::Input(Input::Key(key)) if key == Key::ctrl('c') || key == Key::ctrl('q') => {
                return vec![Effect::Quit];
            }
            Message::Input(Input::Key(key)) if key == Key::ctrl('z') => {
                return vec![Effect::Suspend];
            }
            Message::Input(Input::Key(key)) if key == Key::char('e') => {
                return vec![Effect::Edit { text: self.typed.clone(), extension: "txt" }];
            }
            Message::Input(Input::Key(Key { code: KeyCode::Char(c), .. })) => self.typed.push(c),
            other => self.typed = format!("{other:?}"),
        }
        Vec::new()
    }
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }
    pub(super) fn drawn(&mut self) {
        self.dirty = false;
    }
}

pub(super) fn render(app: &App, frame: &mut ratatui::Frame<'_>) {
    let text = format!("wirebench  F1 help  READY\n{}", app.typed);
    frame.render_widget(ratatui::widgets::Paragraph::new(text), frame.area());
}

pub struct StoreHandle;
impl StoreHandle {
    pub fn submit(
        &self,
        _job: crate::store::job::Job,
    ) -> Result<(), crate::model::failure::Failure> {
        Ok(())
    }
}
