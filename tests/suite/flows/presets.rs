//! Presets, drafts, history: save, open, rename, duplicate, delete, search, conflicts.

use wirebench::app::Startup;
use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::message::{Message, Timer};
use wirebench::app::overlay::Overlay;
use wirebench::engine::command::Command;
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::plan::Plan;
use wirebench::model::preset::PresetPath;
use wirebench::store::job::{Job, JobKind, JobLabel, Reply};

use crate::harness::app::{Driver, NOON};
use crate::harness::store::{starter_workspace, stored, workspace};

const WIDE: (u16, u16) = (120, 40);

fn path(text: &str) -> PresetPath {
    PresetPath::parse(text).unwrap()
}

#[test]
fn on_a_first_start_the_same_key_twice_shows_both_ends() {
    let mut driver = Driver::starter(WIDE);
    assert!(driver.shows("F5 starts listening"), "{}", driver.screen());
    let (server, plan) = Driver::opened(&driver.keys("<F5>"));
    assert!(matches!(plan, Plan::HttpListener(_)));
    driver.keys("<F5>");
    assert!(driver.shows("already listening"), "not up yet: still the listener is meant");
    driver.listening(server);
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    assert_eq!(plan.url, "http://localhost:18080/hello");
    assert!(driver.shows("◉"));
}

#[test]
fn a_search_types_letters_and_runs_no_command() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("/dDruqcz?");
    assert!(driver.app.overlays.is_empty());
    assert!(driver.shows("nothing matches"));
    driver.keys("<Esc>/udpcl<Enter>");
    assert_eq!(driver.app.shared.focus, Pane::Request);
    assert_eq!(driver.app.shared.drafts.current().preset, Some(path("tutorial/udp-client")));
    assert!(driver.app.presets.search.is_none());
}

#[test]
fn what_is_typed_in_a_search_that_lost_the_focus_is_command_again() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("/http<Tab><S-Tab>d");
    assert!(matches!(driver.app.overlays.last(), Some(Overlay::Confirm(_))));
}

#[test]
fn a_composed_request_is_saved_under_a_name_and_folder() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://127.0.0.1:8080/users");
    assert!(driver.shows("not saved"));
    driver.keys("<C-s>");
    assert!(driver.shows("Enter: get-users"), "{}", driver.screen());
    driver.keys("users/list<Enter>");
    assert!(driver.store.has("users/list"));
    let draft = driver.app.shared.drafts.current();
    assert_eq!(draft.preset, Some(path("users/list")));
    assert!(!draft.is_modified());
    assert!(driver.shows("▾ users"), "{}", driver.screen());
}

#[test]
fn the_suggested_name_is_taken_by_enter_alone() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://127.0.0.1:8080/users<C-s><Enter>");
    assert!(driver.store.has("get-users"));
}

#[test]
fn a_name_that_climbs_is_refused_while_it_is_typed() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>:1/x<C-s>a/../b");
    assert!(driver.shows("'..' cannot be part of a preset name"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert!(matches!(driver.app.overlays.last(), Some(Overlay::Naming(_))));
    assert!(driver.store.presets.is_empty());
}

#[test]
fn folders_complete_with_tab() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<C-n><C-s>tut<Tab>mine<Enter>");
    assert!(driver.store.has("tutorial/mine"), "{:?}", driver.store.presets.keys());
}

#[test]
fn replacing_another_preset_is_asked_and_enter_alone_means_no() {
    let mut driver = Driver::starter(WIDE);
    let before = driver.store.presets[&path("tutorial/http-client")].clone();
    driver.keys("<C-n><C-l>http://h/1<C-s>tutorial/http-client<Enter><Enter>");
    assert_eq!(driver.store.presets[&path("tutorial/http-client")], before);
    driver.keys("<C-s>tutorial/http-client<Enter>y");
    assert_ne!(driver.store.presets[&path("tutorial/http-client")], before);
    assert!(!driver.app.shared.drafts.current().is_modified());
}

#[test]
fn saving_twice_in_a_row_is_no_conflict_with_ourselves() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<Enter><C-l>");
    driver.store.held = Some(std::collections::VecDeque::new());
    driver.keys("1<C-s>2<C-s>3<C-s>");
    driver.release_store();
    assert!(driver.app.overlays.is_empty(), "{:?}", driver.app.overlays);
    let draft = driver.app.shared.drafts.current();
    assert!(!draft.is_modified());
    let file = &driver.store.presets[draft.preset.as_ref().unwrap()].0;
    assert!(file.spec.address().ends_with("123"), "{}", file.spec.address());
}

/// The saves that wait for their answers.
fn saves(driver: &Driver) -> Vec<JobLabel> {
    let held = driver.store.held.iter().flatten().map(Job::label);
    held.filter(|job| job.kind == JobKind::SavePreset).collect()
}

fn no_space() -> Failure {
    Failure::new(Stage::Storage, "x.toml", FailureKind::Io, "no space left on device")
}

#[test]
fn a_save_that_fails_leaves_another_one_its_answer() {
    let mut driver = Driver::starter(WIDE);
    driver.store.held = Some(std::collections::VecDeque::new());
    driver.keys("<Enter><C-l>1<C-s>");
    let fails = saves(&driver).pop().unwrap();
    driver.keys("<A-1>j<Enter><C-l>2<C-s>");
    let path = driver.app.shared.drafts.current().preset.clone().unwrap();
    assert_ne!(fails.preset.as_ref(), Some(&path));
    driver.send(Message::Store(Reply::Failed { job: fails, failure: no_space() }));
    driver.send(Message::Store(Reply::Saved { path: path.clone(), fingerprint: 7 }));
    let draft = driver.app.shared.drafts.current();
    assert_eq!((draft.preset.as_ref(), draft.based_on), (Some(&path), Some(7)));
    assert!(!draft.is_modified(), "{}", driver.screen());
}

#[test]
fn what_is_lost_to_the_file_of_others_is_brought_back() {
    let mut driver = conflicting();
    let mine = driver.app.shared.drafts.current().spec.address().to_owned();
    driver.keys("t");
    assert_ne!(driver.app.shared.drafts.current().spec.address(), mine);
    assert!(driver.shows("Alt+Z in Presets brings it back"), "{}", driver.screen());
    driver.keys("<A-1><A-z>");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), mine);
}

#[test]
fn a_save_that_failed_can_be_tried_again() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<Enter><C-l>1");
    driver.store.held = Some(std::collections::VecDeque::new());
    driver.keys("<C-s>");
    let job = saves(&driver).pop().unwrap();
    driver.store.held = None;
    driver.send(Message::Store(Reply::Failed { job, failure: no_space() }));
    assert!(driver.shows("no space left on device"));
    assert!(driver.app.shared.drafts.current().is_modified());
    driver.keys("<C-s>");
    assert!(!driver.app.shared.drafts.current().is_modified());
}

fn conflicting() -> Driver {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<Enter><C-l>9");
    let name = driver.app.shared.drafts.current().preset.clone().unwrap();
    driver.store.changed_by_others(name.as_str(), |preset| {
        "127.0.0.1:777".clone_into(preset.spec.address_mut());
    });
    driver.keys("<C-s>");
    assert!(driver.shows("changed on disk"), "{}", driver.screen());
    assert!(driver.shows("127.0.0.1:777"));
    driver
}

#[test]
fn a_change_on_disk_below_unsaved_changes_is_said_before_they_are_saved() {
    let files =
        |port: &str| workspace(&[("one", &*format!("[http]\nurl = \"http://h:{port}/\"\n"))]);
    let mut driver = Driver::with((120, 40), files("1"));
    driver.keys("<C-p>one<Enter><C-l><End>mine");
    driver.send(Message::Store(Reply::Workspace(Box::new(files("1")))));
    assert!(!driver.shows("changed on disk"), "{}", driver.screen());
    driver.send(Message::Store(Reply::Workspace(Box::new(files("2")))));
    driver
        .assert_shows("one changed on disk; your unsaved changes stay: Ctrl+S asks which to keep");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://h:1/mine");
}

#[test]
fn in_a_conflict_mine_theirs_another_name_or_nothing() {
    let saved = |driver: &Driver| {
        driver.store.presets[&path("tutorial/http-server")].0.spec.address().to_owned()
    };
    let mut driver = conflicting();
    driver.keys("m");
    assert!(saved(&driver).ends_with('9'));
    assert!(!driver.app.shared.drafts.current().is_modified());

    let mut driver = conflicting();
    driver.keys("t");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "127.0.0.1:777");
    assert!(!driver.app.shared.drafts.current().is_modified());

    let mut driver = conflicting();
    driver.keys("s<Tab><C-u>mine<Enter>");
    assert_eq!(saved(&driver), "127.0.0.1:777");

    let mut driver = conflicting();
    driver.keys("<Esc>");
    assert_eq!(saved(&driver), "127.0.0.1:777");
    assert!(driver.app.shared.drafts.current().is_modified());
    driver.keys("<C-s>");
    assert!(driver.shows("changed on disk"), "it is asked again");
}

#[test]
fn presets_are_renamed_duplicated_and_deleted_after_asking() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("/tcpserver<Down><Esc>/tcpserver<Esc>r<C-u>echo/server<Enter>");
    assert!(driver.store.has("echo/server"), "{:?}", driver.store.presets.keys());
    assert!(!driver.store.has("tutorial/tcp-server"));
    driver.keys("D<Enter>");
    assert!(driver.store.has("echo/server-2"));
    driver.keys("d<Enter>");
    assert!(driver.store.has("echo/server-2"), "Enter alone deletes nothing");
    driver.keys("dy");
    assert!(!driver.store.has("echo/server-2"));
}

#[test]
fn deleting_what_runs_closes_it() {
    let mut driver = Driver::starter(WIDE);
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    driver.listening(id);
    driver.keys("<Down><Up>");
    let effects = driver.keys("/httpserver<Esc>dy");
    let closed = |effect: &Effect| matches!(effect, Effect::Engine(Command::Close { id: closed, .. }) if *closed == id);
    assert!(effects.iter().any(closed), "{effects:?}");
}

#[test]
fn deleting_everything_down_to_the_last_row_leaves_a_working_program() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("G");
    for _ in 0..20 {
        driver.keys("dy");
    }
    assert!(driver.store.presets.len() < 6);
    driver.keys("g");
    for _ in 0..20 {
        driver.keys("jdy");
    }
    assert!(driver.store.presets.is_empty(), "{:?}", driver.store.presets.keys());
    driver.keys("dyjkGg<Enter><Space><F5>D<Esc>r<Esc>u<Esc>cy<Esc>/x<Esc>");
    assert!(!driver.screen().is_empty());
}

#[test]
fn unsaved_changes_are_marked_and_thrown_away_only_after_asking() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<Enter><C-l>99<Esc><Esc>");
    driver.app.shared.focus = Pane::Presets;
    assert!(driver.shows("http-server ●"), "{}", driver.screen());
    driver.keys("u<Enter>");
    assert!(driver.app.shared.drafts.current().is_modified());
    driver.keys("uy");
    assert!(!driver.app.shared.drafts.current().is_modified());
}

#[test]
fn unsaved_work_survives_switching_leaving_and_coming_back() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<F2><C-l>http://127.0.0.1:1/unsaved");
    driver.keys("<S-Tab><S-Tab>/udpserver<Enter>");
    driver.keys("<C-q>");
    let restore = driver.store.restore.clone().unwrap();
    let mut next = Driver::bare(WIDE);
    next.send(Message::Store(Reply::Workspace(Box::new(starter_workspace()))));
    next.send(Message::Store(Reply::Restored(Some(Box::new(restore)))));
    assert!(
        next.app.shared.drafts.iter().any(|d| d.spec.address() == "http://127.0.0.1:1/unsaved")
    );
    assert!(next.shows("127.0.0.1:1/unsaved ●"), "{}", next.screen());
}

#[test]
fn a_first_save_that_is_cut_off_leaves_no_draft_beside_its_file() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<F2><C-l>http://127.0.0.1:1/first");
    // What was composed is on the disk before it has a name.
    driver.send(Message::Timer(Timer::Restore));
    let of = |driver: &Driver| {
        let drafts = driver.store.restore.clone().unwrap().drafts;
        let mine = drafts.into_iter().find(|it| it.spec.address() == "http://127.0.0.1:1/first");
        mine.unwrap().preset
    };
    assert_eq!(of(&driver), None);
    driver.keys("<C-s>named/first<Enter>");
    // No time has passed: it is what a kill at once would leave.
    assert_eq!(of(&driver), Some(path("named/first")), "{}", driver.screen());
}

#[test]
fn folders_fold_and_the_selection_survives_what_comes_above_it() {
    let files = [("a/one", "[tcp]\naddress='h:1'\n"), ("b/two", "[tcp]\naddress='h:2'\n")];
    let mut driver = Driver::with(WIDE, workspace(&files));
    driver.keys("/two<Esc>");
    let more = [files[0], ("a/zero", "[udp]\naddress='h:3'\n"), files[1]];
    driver.send(Message::Store(Reply::Workspace(Box::new(workspace(&more)))));
    driver.keys("<Enter>");
    assert_eq!(driver.app.shared.drafts.current().preset, Some(path("b/two")));
    driver.app.shared.focus = Pane::Presets;
    driver.keys("h<Space>");
    assert!(driver.shows("▸ b") && !driver.shows("TCP  two"), "{}", driver.screen());
    driver.keys("l");
    assert!(driver.shows("▾ b"));
}

#[test]
fn a_broken_file_marks_one_preset_and_says_why() {
    let mut found = workspace(&[("good", "[tcp]\naddress='h:1'\n")]);
    found.presets.insert(0, stored("bad", "[tcp]\nadress='h:1'\n"));
    let mut driver = Driver::with(WIDE, found);
    driver.keys("g");
    assert!(driver.shows("adress"), "{}", driver.screen());
    driver.keys("<F5><Enter>");
    assert!(driver.app.shared.sessions.live().next().is_none());
    driver.keys("<Down><Enter>");
    assert_eq!(driver.app.shared.drafts.current().preset, Some(path("good")));
}

#[test]
fn history_opens_again_as_it_was_and_sends_again() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<F6><C-l>http://127.0.0.1:5/first<F5>");
    driver.keys("<C-l><C-u>http://127.0.0.1:5/second<F5>");
    driver.app.shared.focus = Pane::History;
    assert_eq!(driver.app.history.entries.len(), 2);
    driver.keys("<Down>");
    // Typed ahead, before the store has read what the entry sent.
    driver.store.held = Some(std::collections::VecDeque::new());
    driver.keys("<F5><F5>");
    let sent = driver.effects.len();
    driver.release_store();
    let (_, plan) = Driver::opened(&driver.effects[sent..]);
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    assert_eq!(plan.url, "http://127.0.0.1:5/first");
    driver.app.shared.focus = Pane::History;
    driver.keys("/second");
    let is_asked = |job: &Job| matches!(job, Job::QueryHistory(asked) if asked.text == "second");
    assert!(driver.store.jobs.iter().any(is_asked));
    assert_eq!(driver.app.history.entries.len(), 1);
    driver.keys("<Enter><Enter>");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://127.0.0.1:5/second");
    driver.app.shared.focus = Pane::History;
    driver.keys("<Esc>");
    assert_eq!(driver.app.history.entries.len(), 3);
    let newest = driver.app.shared.session().unwrap().id;
    driver.done(newest);
    let finished = driver.store.jobs.iter().any(|job| matches!(job, Job::FinishHistory { .. }));
    assert!(finished, "the outcome is written when it is known");
}

#[test]
fn saving_from_the_list_saves_what_was_just_edited() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("/udpserver<Enter><C-l><End>5<S-Tab><S-Tab>g<Down><C-s>");
    let saved = &driver.store.presets[&path("tutorial/udp-server")].0;
    assert!(saved.spec.address().ends_with("}}5"), "{}", saved.spec.address());
}

#[test]
fn stopping_from_the_list_stops_the_selected_row() {
    let mut driver = Driver::starter(WIDE);
    let (id, _) = Driver::opened(&driver.keys("/tcpserver<Esc><F5><F5>"));
    driver.listening(id);
    driver.keys("/udpclient<Enter>");
    driver.app.shared.focus = Pane::Presets;
    let effects = driver.keys("/tcpserver<Esc><F8>");
    let close = |effect: &Effect| matches!(effect, Effect::Engine(Command::Close { id: closed, .. }) if *closed == id);
    assert!(effects.iter().any(close), "{effects:?}");
}

#[test]
fn a_folder_is_deleted_with_its_presets_after_saying_how_many_and_what_is_lost_with_them() {
    let mut driver = Driver::starter(WIDE);
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    driver.listening(id);
    driver.keys("/udpserver<Enter><C-l><End>5");
    driver.app.shared.focus = Pane::Presets;
    driver.keys("/tutorial<Esc>hd");
    assert!(driver.shows("Delete tutorial/ with 6 presets?"), "{}", driver.screen());
    assert!(driver.shows("1 is running"), "{}", driver.screen());
    assert!(driver.shows("unsaved changes"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert_eq!(driver.store.presets.len(), 15, "Enter alone deletes nothing");
    driver.store.other_files = 2;
    let effects = driver.keys("dy");
    let closed = |effect: &Effect| matches!(effect, Effect::Engine(Command::Close { id: closed, .. }) if *closed == id);
    assert!(effects.iter().any(closed), "{effects:?}");
    assert_eq!(driver.store.presets.len(), 9, "the other folder stays");
    assert!(driver.shows("6 presets of tutorial/ deleted; 2 other files stay in it"));
    assert!(!driver.shows("udp-server"), "{}", driver.screen());
    driver.keys("jkGgd<Enter>Ar<Esc>");
}

#[test]
fn a_folder_that_could_not_be_deleted_as_a_whole_says_where_it_ended() {
    let mut driver = Driver::starter(WIDE);
    driver.store.held = Some(std::collections::VecDeque::new());
    driver.keys("/tutorial<Esc>hdy");
    let failure = wirebench::model::failure::Failure::new(
        wirebench::model::failure::Stage::Storage,
        "tutorial/tcp-client.toml",
        wirebench::model::failure::FailureKind::Permission,
        "permission denied",
    );
    let presets = vec![path("tutorial/http-client"), path("tutorial/http-server")];
    let reply = Reply::FolderDeleted {
        folder: "tutorial".into(),
        presets,
        kept: Vec::new(),
        left: 4,
        failure: Some(failure),
    };
    driver.send(Message::Store(reply));
    assert!(driver.shows("tutorial/: 2 presets deleted, then: "), "{}", driver.screen());
    assert!(driver.shows("tcp-client") && !driver.shows("http-client"));
}

#[test]
fn what_a_preset_says_about_itself_is_edited_and_unsaved_changes_stay_unsaved() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("/udpserver<Enter><C-l><End>5");
    driver.app.shared.focus = Pane::Presets;
    driver.keys("A");
    assert!(driver.shows("About tutorial/udp-server"), "{}", driver.screen());
    driver.keys("<C-a><C-k><C-u>Mine<C-j>and yours<Enter>");
    let kept = |driver: &Driver| driver.store.presets[&path("tutorial/udp-server")].0.clone();
    assert!(kept(&driver).about.contains("Mine\nand yours"), "{:?}", kept(&driver).about);
    assert!(!kept(&driver).spec.address().ends_with("}}5"), "only the description is written");
    assert!(driver.shows("tutorial/udp-server described"), "{}", driver.screen());
    assert!(driver.app.shared.drafts.current().is_modified());
    driver.keys("<C-s>");
    assert!(driver.app.overlays.is_empty(), "no conflict with ourselves");
    assert!(kept(&driver).spec.address().ends_with("}}5"));
    assert!(kept(&driver).about.contains("and yours"));
    driver.keys("A<Esc>A<Enter>");
    assert!(driver.app.overlays.is_empty());
}

#[test]
fn a_description_never_replaces_what_somebody_else_wrote() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("/udpserver<Esc>A");
    driver.store.changed_by_others("tutorial/udp-server", |preset| {
        "127.0.0.1:777".clone_into(preset.spec.address_mut());
    });
    driver.keys("x<Enter>");
    let kept = &driver.store.presets[&path("tutorial/udp-server")].0;
    assert_eq!(kept.spec.address(), "127.0.0.1:777");
    assert!(driver.shows("changed on disk meanwhile: not described"), "{}", driver.screen());
}

#[test]
fn a_preset_moves_to_another_folder_by_typing_it() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("/udpserver<Enter>");
    driver.app.shared.focus = Pane::Presets;
    driver.keys("r<C-u>devices/sensors/udp<Enter>");
    assert!(driver.store.has("devices/sensors/udp"));
    assert!(driver.shows("▾ sensors"), "{}", driver.screen());
    let moved = Some(path("devices/sensors/udp"));
    assert_eq!(driver.app.shared.drafts.current().preset, moved, "what is on screen goes with it");
    driver.keys("r<C-u>tutorial/tcp-server<Enter>");
    assert!(driver.shows("tutorial/tcp-server is there already"), "{}", driver.screen());
    assert!(driver.store.has("devices/sensors/udp"));
}

#[test]
fn what_a_search_found_outside_the_name_is_in_sight_in_a_narrow_side_bar_too() {
    let file = |about: &str, path: &str| {
        format!("about = '{about}'\n[http]\nurl = 'http://host.example/a/long/path/{path}'\n")
    };
    let found = workspace(&[("one", &file("job 27", "27")), ("two", &file("a job", "x-27"))]);
    let mut driver = Driver::with((80, 24), found);
    driver.keys("/job 27");
    driver.assert_shows("one job 27");
    driver.keys("<Esc>/27");
    driver.assert_shows("two \u{2026}/x-27");
}

#[test]
fn the_list_fills_while_the_workspace_is_read_and_what_is_about_folders_waits() {
    let whole = workspace(&[("a/one", "[tcp]\n"), ("a/two", "[tcp]\n"), ("b", "[udp]\n")]);
    let mut driver = Driver::starting(Startup { size: WIDE, now: NOON, ..Startup::default() });
    driver.app.begin();
    let part = |presets| Message::Store(Reply::PresetsRead { presets, defaults: Vec::new() });
    driver.send(Message::Store(Reply::Restored(None)));
    driver.send(part(vec![whole.presets[1].clone()]));
    assert!(driver.shows("1 read so far") && driver.shows("two"), "{}", driver.screen());
    assert_eq!(driver.app.shared.drafts.current().preset, Some(path("a/two")), "it is on screen");
    driver.send(part(vec![whole.presets[0].clone()]));
    assert!(driver.shows("2 read so far") && driver.shows("one"), "{}", driver.screen());
    for keys in ["kkd", "R", "U"] {
        driver.keys(keys);
        assert!(driver.shows("still being read"), "{keys}: {}", driver.screen());
        assert!(driver.app.overlays.is_empty(), "{keys}");
    }
    driver.keys("<Down>");
    driver.send(Message::Store(Reply::Workspace(Box::new(whole.clone()))));
    assert!(!driver.shows("so far") && driver.shows("  b"), "{}", driver.screen());
    let selected = driver.app.presets.selected(&driver.app.shared);
    assert_eq!(format!("{selected:?}"), "Some(Preset(PresetPath(\"a/one\")))", "nothing moves");
    driver.send(part(vec![stored("late", "[tcp]\n")]));
    assert!(!driver.shows("late"), "what comes after the whole is old");
    driver.keys("kd");
    assert!(matches!(driver.app.overlays.last(), Some(Overlay::Confirm(_))));
}
