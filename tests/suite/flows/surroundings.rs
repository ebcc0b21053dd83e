//! Palette, help, jump, code, mouse, leaving: what surrounds composing and watching.

use std::time::Duration;

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::form::FormFieldId;
use wirebench::app::keymap::Override;
use wirebench::app::message::{Input, Message, MouseKind, Timer};
use wirebench::app::overlay::Overlay;
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::plan::Plan;
use wirebench::model::preset::PresetPath;
use wirebench::model::protocol::Protocol;
use wirebench::store::job::{JobKind, Reply};

use crate::harness::app::Driver;
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);

#[test]
fn the_palette_runs_actions_opens_presets_and_sends_them() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<C-p>compose for udp<Enter>");
    assert_eq!(driver.app.shared.drafts.current().spec.protocol(), Protocol::Udp);
    driver.keys("<C-p>httpclient<Enter>");
    let opened = driver.app.shared.drafts.current().preset.clone();
    assert_eq!(opened, PresetPath::parse("tutorial/http-client").ok());
    assert_eq!(driver.app.shared.focus, Pane::Request);
    let (_, plan) = Driver::opened(&driver.keys("<C-p>tcp-server<F5>"));
    assert!(matches!(plan, Plan::TcpListener(_)));
    assert!(driver.keys("<C-p>quit<Enter>").contains(&Effect::Quit));
}

#[test]
fn the_palette_does_what_belongs_to_another_pane_there() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<C-l><C-p>pause<Enter>");
    assert_eq!(driver.app.shared.focus, Pane::Traffic);
    // What is done to a preset is done to the one on screen, not to the row selected over there.
    driver.keys("<C-l><C-p>rename<Enter>");
    assert!(matches!(driver.app.overlays.last(), Some(Overlay::Naming(_))));
    assert_eq!(driver.app.shared.focus, Pane::Request);
}

#[test]
fn the_key_that_opened_an_overlay_closes_it_and_so_do_escape_and_ctrl_c() {
    let mut driver = Driver::starter(WIDE);
    for keys in ["<C-p><C-p>", "<F1><F1>", "<C-p><Esc>", "<C-p><C-c>", "<C-o><C-o>", "c<Esc>"] {
        driver.keys(keys);
        assert!(driver.app.overlays.is_empty(), "{keys}");
    }
    assert!(driver.keys("<C-p><C-q>").contains(&Effect::Quit));
}

#[test]
fn hints_name_the_keys_that_are_bound() {
    let mut driver = Driver::starter(WIDE);
    assert!(driver.shows("F5 listen") && driver.shows("F5  starts the listener"));
    let line = |keys: &str, action: &str| Override {
        context: "everywhere".into(),
        keys: keys.into(),
        action: action.into(),
    };
    let complaints = driver.app.shared.keymap.apply(&[line("<F5>", ""), line("<A-g>", "send")]);
    assert_eq!(complaints, Vec::<String>::new());
    let key = driver.app.keyed("[send]");
    assert!(key != "F5" && driver.shows(&format!("{key} listen")), "{}", driver.screen());
    assert!(driver.shows(&format!("{key} starts listening")), "what a preset says of itself, too");
    assert!(!driver.screen().contains("F5"), "{}", driver.screen());
    assert_eq!(driver.app.keyed("[no such action] [0] ["), "[no such action] [0] [");
}

#[test]
fn help_lists_the_keys_of_where_the_focus_is_and_narrows() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("?");
    assert!(driver.shows("Help ─ Presets"), "{}", driver.screen());
    assert!(driver.shows("Send and listen"));
    driver.keys("duplicate");
    assert!(
        driver.shows("Duplicate the preset") && !driver.shows("Send the request"),
        "{}",
        driver.screen()
    );
    driver.keys("<Esc><C-l><F1>duplicate");
    assert!(driver.shows("D (presets)"), "{}", driver.screen());
}

#[test]
fn letters_of_panes_and_tabs_are_the_same_at_every_size() {
    use wirebench::app::intent::Intent;

    let letters = |size| {
        let mut driver = Driver::bare(size);
        driver.keys("<C-l>http://h/?a=1&b=2<C-o>");
        let Some(Overlay::Jump(jump)) = driver.app.overlays.last() else { panic!("no letters") };
        let is_fixed = |intent: &Intent| matches!(intent, Intent::Focus(_) | Intent::ShowTab(_));
        let fixed = jump.marks.iter().filter(|mark| mark.intents.iter().any(is_fixed));
        let named = fixed.map(|mark| (mark.label.clone(), format!("{:?}", mark.intents)));
        named.take(12).collect::<Vec<_>>()
    };
    let narrow = letters((80, 24));
    assert_eq!(narrow.len(), 12);
    assert_eq!(letters(WIDE), narrow);
    assert_eq!(letters((200, 60)), narrow);
    let mut driver = Driver::starter((80, 24));
    driver.keys("<C-l><C-o>a");
    assert_eq!(driver.app.shared.focus, Pane::Presets, "hidden, and shown as it has the keys");
}

#[test]
fn jump_goes_to_panes_fields_and_rows() {
    use wirebench::app::editor::Caret;
    use wirebench::app::intent::Intent;

    let mut driver = Driver::starter(WIDE);
    let go = |driver: &mut Driver, wanted: &dyn Fn(&Overlay) -> String| {
        driver.keys("<C-o>");
        let label = wanted(driver.app.overlays.last().unwrap());
        driver.keys(&label);
        assert!(driver.app.overlays.is_empty());
    };
    let label = |intent: Intent| {
        move |overlay: &Overlay| {
            let Overlay::Jump(jump) = overlay else { panic!("{overlay:?}") };
            jump.marks
                .iter()
                .find(|mark| mark.intents.last() == Some(&intent))
                .unwrap()
                .label
                .clone()
        }
    };
    go(&mut driver, &label(Intent::Focus(Pane::Traffic)));
    assert_eq!(driver.app.shared.focus, Pane::Traffic);
    go(&mut driver, &label(Intent::GoToField(FormFieldId::Address, Caret::Keep)));
    assert_eq!(driver.app.shared.focus, Pane::Request);
    assert_eq!(driver.app.shared.drafts.current().at, FormFieldId::Address);
    go(&mut driver, &label(Intent::SelectRow(Pane::Presets, 1)));
    assert_eq!(driver.app.shared.focus, Pane::Presets);
    driver.keys("<Enter>");
    let opened = driver.app.shared.drafts.current().preset.clone().unwrap();
    assert_eq!(opened.as_str(), "tutorial/http-client");
}

#[test]
fn a_preset_shows_itself_as_code_and_secrets_only_when_asked() {
    let file = "[http]\nurl='http://127.0.0.1:9/'\nauth.bearer='{{secret.token}}'\n";
    let mut found = workspace(&[("get", file)]);
    found.environments.push(wirebench::model::preset::Environment {
        name: "local".into(),
        secrets: [("token".to_owned(), "hunter2".to_owned())].into(),
        ..Default::default()
    });
    let mut driver = Driver::with(WIDE, found);
    driver.keys("c");
    assert!(driver.shows("curl") && !driver.shows("hunter2"), "{}", driver.screen());
    let copied = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Copy { text, .. } => Some(text),
            _ => None,
        })
    };
    let text = copied(driver.keys("<Right>y")).unwrap();
    assert!(text.contains("import requests") && !text.contains("hunter2"), "{text}");
    let text = copied(driver.keys("s<Right>y")).unwrap();
    assert!(text.contains("urllib") && text.contains("hunter2"), "{text}");
}

#[test]
fn listeners_show_themselves_as_python_servers() {
    let mut driver = Driver::starter(WIDE);
    for (name, word) in [("httpserver", "http.server"), ("tcpserver", "socket")] {
        driver.keys(&format!("/{name}<Esc>c"));
        assert!(driver.shows(word), "{}", driver.screen());
        driver.keys("<Esc>");
        driver.app.shared.focus = Pane::Presets;
    }
}

#[test]
fn the_mouse_selects_opens_folds_and_closes() {
    let mut driver = Driver::starter(WIDE);
    driver.click("tcp-client");
    assert_eq!(driver.app.shared.focus, Pane::Presets);
    driver.click("tcp-client");
    let opened = driver.app.shared.drafts.current().preset.clone();
    assert_eq!(opened, PresetPath::parse("tutorial/tcp-client").ok());
    driver.click("▾ tutorial");
    assert!(driver.shows("▸ tutorial"), "{}", driver.screen());
    driver.keys("<C-p>");
    driver.mouse(MouseKind::Press, 0, 0);
    assert!(driver.app.overlays.is_empty());
    driver.app.shared.focus = Pane::Presets;
    driver.keys("<Space>d<Esc>jd");
    driver.click("n Keep");
    assert!(driver.app.overlays.is_empty());
    driver.keys("d");
    driver.click("y Delete");
    assert_eq!(driver.store.presets.len(), 14);
}

#[test]
fn the_wheel_moves_the_list_it_is_over() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("G");
    driver.mouse(MouseKind::ScrollUp, 3, 4);
    driver.keys("<C-p>");
    driver.mouse(MouseKind::ScrollDown, 60, 20);
    assert!(matches!(driver.app.overlays.last(), Some(Overlay::Choices(_))));
}

#[test]
fn leaving_asks_once_and_keeps_what_is_not_saved() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<C-n><C-l><C-u>http://h/unsaved");
    assert!(!driver.keys("<C-c>").contains(&Effect::Quit));
    assert!(driver.keys("<C-c>").contains(&Effect::Quit));
    let restore = driver.store.restore.clone().unwrap();
    assert!(restore.drafts.iter().any(|draft| draft.spec.address() == "http://h/unsaved"));
}

#[test]
fn a_terminal_that_goes_away_keeps_what_is_not_saved() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<C-n><C-l><C-u>http://h/unsaved<C-p>");
    driver.send(Message::Input(Input::Terminate));
    assert!(driver.effects.contains(&Effect::Quit));
    assert!(driver.store.restore.is_some());
}

#[test]
fn hostile_names_reach_the_screen_as_visible_text_only() {
    let mut found = workspace(&[("a", "about = \"x\\u001b[2Jy\\u202ez\"\n[tcp]\naddress='h:1'\n")]);
    found.environments.push(wirebench::model::preset::Environment {
        name: "e\u{1b}]0;x\u{7}".into(),
        ..Default::default()
    });
    let mut driver = Driver::with(WIDE, found);
    for keys in ["", "<C-p>", "<Esc>E", "<Esc>c", "<Esc>D", "<Esc>d", "<Esc>r", "<Esc><C-o>"] {
        driver.keys(keys);
        let screen = driver.screen();
        let bad = screen.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{keys}");
    }
    driver.keys("<Esc>g");
    assert!(driver.shows("x\\e[2Jy"), "{}", driver.screen());
}

/// Lets so much time pass without a key.
fn wait(driver: &mut Driver, seconds: u64) {
    let now = driver.app.shared.now + Duration::from_secs(seconds);
    driver.app.update(Message::Timer(Timer::FilterRebuild), now);
}

fn footer(driver: &Driver) -> String {
    driver.screen().lines().last().unwrap_or_default().to_owned()
}

/// The rows above the footer, where remarks have their place.
fn remark(driver: &Driver) -> String {
    driver.screen().lines().rev().skip(1).take(2).collect()
}

/// No remark is shown; the keys are named, as always.
fn assert_quiet(driver: &Driver) {
    assert!(footer(driver).contains("Tab Next pane "), "{}", footer(driver));
    assert_eq!(driver.app.notice, None);
}

fn notice_timers(effects: &[Effect]) -> Vec<Timer> {
    let token = |effect: &Effect| match effect {
        Effect::After { delay, timer } if delay.as_secs() == 6 => Some(*timer),
        _ => None,
    };
    effects.iter().filter_map(token).collect()
}

#[test]
fn a_remark_is_gone_with_the_next_key_or_after_a_while_and_the_keys_are_named_again() {
    let mut driver = Driver::starter((120, 40));
    let effects = driver.keys("y");
    assert!(remark(&driver).contains("copied tutorial/http-server"), "{}", remark(&driver));
    driver.keys("j");
    assert_quiet(&driver);

    let more = [effects, driver.keys("y"), driver.keys("ky")].concat();
    let timers = notice_timers(&more);
    assert_eq!(timers.len(), 3);
    for token in &timers[..2] {
        driver.send(Message::Timer(*token));
        assert!(remark(&driver).contains("copied"), "the timer of an older one");
    }
    driver.send(Message::Timer(timers[2]));
    assert_quiet(&driver);
    assert!(notice_timers(&driver.effects).is_empty(), "nothing ticks");
}

#[test]
fn what_to_press_next_is_gone_once_it_was_pressed() {
    let mut driver = Driver::starter((120, 40));
    let (server, _) = Driver::opened(&driver.keys("<F5>"));
    driver.listening(server);
    assert!(remark(&driver).contains("F5 again sends to it from http-client"));
    driver.keys("<F5>");
    assert!(!remark(&driver).contains("F5 again"), "{}", remark(&driver));
}

#[test]
fn a_warning_waits_for_a_key_and_is_not_lost_to_one_pressed_before_it_was_read() {
    let mut driver = Driver::starter((120, 40));
    driver.send(Message::Store(Reply::Failed {
        job: JobKind::WriteFile.into(),
        failure: Failure::new(Stage::Storage, "x", FailureKind::Io, "no space left on device"),
    }));
    let timers = notice_timers(&driver.effects);
    assert!(timers.is_empty(), "no timer takes it away: {timers:?}");
    driver.keys("j");
    assert!(remark(&driver).contains("no space left"), "the key was on its way");
    wait(&mut driver, 60);
    assert!(remark(&driver).contains("no space left"));
    driver.mouse(MouseKind::ScrollDown, 3, 3);
    assert!(remark(&driver).contains("no space left"), "scrolling is looking");
    driver.keys("j");
    assert_quiet(&driver);
}

#[test]
fn keys_of_windows_can_be_changed_like_any_other() {
    let line = |context: &str, keys: &str, action: &str| Override {
        context: context.into(),
        keys: keys.into(),
        action: action.into(),
    };
    let mut driver = Driver::starter(WIDE);
    let problems = driver.app.shared.keymap.apply(&[
        line("question", "o", "accept"),
        line("question", "y", ""),
        line("question", "Y", ""),
        line("choice list", "<C-j>", "down"),
    ]);
    assert!(problems.is_empty(), "{problems:?}");
    let count = driver.app.shared.workspace.presets.len();
    driver.keys("dy");
    assert!(!driver.app.overlays.is_empty(), "y is no answer now");
    driver.keys("<Esc>");
    assert_eq!(driver.app.shared.workspace.presets.len(), count);
    driver.keys("d");
    assert!(matches!(driver.app.overlays.last(), Some(Overlay::Confirm(_))));
    assert!(driver.shows("o Delete"), "{}", driver.screen());
    driver.keys("o");
    assert!(driver.app.overlays.is_empty());
    driver.keys("<C-p>");
    let first = driver.screen();
    driver.keys("<C-j><C-p>");
    assert_ne!(first, driver.screen());
}

#[test]
fn lines_and_cells_take_their_keys_from_the_table() {
    let line = |context: &str, keys: &str, action: &str| Override {
        context: context.into(),
        keys: keys.into(),
        action: action.into(),
    };
    let mut driver = Driver::starter((120, 40));
    let problems = driver.app.shared.keymap.apply(&[
        line("text line", "<Enter>", ""),
        line("text line", "<C-y>", "choose"),
        line("text line", "<Down>", ""),
        line("text line", "<C-n>", "down"),
        line("choices of the form", "<Space>", ""),
        line("choices of the form", "<F9>", "toggle"),
        line("everywhere", "<Esc>", "zoom"),
        line("everywhere", "<F8>", "back"),
    ]);
    assert_eq!(problems, Vec::<String>::new());
    driver.keys("/zzz");
    assert!(driver.shows("F8 ends"), "{}", driver.screen());
    driver.keys("<F8>/tutorial");
    let at = |driver: &Driver| driver.app.presets.selected(&driver.app.shared);
    let first = at(&driver);
    driver.keys("<Down><Enter>");
    assert_eq!(at(&driver), first, "neither moves nor takes");
    driver.keys("<C-n>");
    assert_ne!(at(&driver), first);
    driver.keys("<C-y>");
    assert!(driver.app.presets.search.is_none(), "taken");

    driver.app.shared.focus = Pane::Traffic;
    driver.keys("/hello<Enter>");
    assert!(driver.app.traffic.is_typing());
    driver.keys("<C-y>");
    assert!(!driver.app.traffic.is_typing());

    let mut driver = Driver::bare((120, 40));
    driver.app.shared.keymap.apply(&[
        line("choices of the form", "<Space>", ""),
        line("choices of the form", "<F9>", "toggle"),
    ]);
    driver.keys("<C-l>http://a/<S-Tab>");
    driver.app.shared.focus = Pane::Request;
    driver.app.shared.drafts.current_mut().at = FormFieldId::Tabs;
    let tab = driver.app.shared.drafts.current().tab;
    driver.keys("<Space>");
    assert_eq!(driver.app.shared.drafts.current().tab, tab);
    // A key that is no command begins a row there.
    driver.app.shared.drafts.current_mut().at = FormFieldId::Tabs;
    driver.keys("<F9>");
    assert_ne!(driver.app.shared.drafts.current().tab, tab);
}

#[test]
fn a_search_of_presets_that_found_nothing_leaves_the_cursor_where_it_was() {
    let mut driver = Driver::starter((120, 40));
    driver.keys("gjj");
    let before = driver.app.presets.selected(&driver.app.shared);
    driver.keys("/zzz<Esc>");
    assert!(driver.app.presets.search.is_none());
    assert_eq!(driver.app.presets.selected(&driver.app.shared), before);
    driver.keys("/udpcl<Esc>");
    assert_ne!(driver.app.presets.selected(&driver.app.shared), before, "what was found stays");
}
