//! Where the panes are: by width, by what runs, and as the user arranged them.

use wirebench::app::arrangement::Fold;
use wirebench::app::focus::Pane;
use wirebench::app::message::{Input, Message};
use wirebench::store::job::Reply;

use crate::harness::app::Driver;
use crate::harness::store::starter_workspace;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (160, 48), (200, 60)];

fn is_shown(driver: &Driver, pane: Pane) -> bool {
    driver.screen().contains(&format!("{}─ {}", pane as usize + 1, pane.title()))
        || driver.screen().contains(&format!("{}━ {}", pane as usize + 1, pane.title()))
}

#[test]
fn numbers_lead_to_the_panes_from_everywhere() {
    for size in SIZES {
        let mut driver = Driver::starter(size);
        for from in ["", "<C-l>", "<C-l>http://x", "<C-l><Tab>"] {
            driver.keys(from);
            for (number, pane) in (1..).zip(Pane::ALL) {
                driver.keys(&format!("<A-{number}>"));
                assert_eq!(driver.app.shared.focus, pane, "{size:?} from {from:?}");
                assert!(
                    driver.screen().contains(&format!("{number}━ ")),
                    "{size:?}:\n{}",
                    driver.screen()
                );
            }
        }
    }
}

#[test]
fn traffic_is_a_strip_until_it_is_looked_at_or_something_is_watched() {
    for size in SIZES {
        let mut driver = Driver::starter(size);
        let is_strip = |driver: &Driver| driver.screen().contains("\n 5 Traffic ─ 0 records");
        assert!(is_strip(&driver), "{}", driver.screen());
        driver.keys("<A-5>");
        assert!(!is_strip(&driver) && is_shown(&driver, Pane::Traffic));
        driver.keys("<Tab>");
        assert!(is_strip(&driver), "{size:?}");
        let (id, _) = Driver::opened(&driver.keys("<F5>"));
        driver.listening(id);
        assert!(is_shown(&driver, Pane::Traffic), "{size:?}:\n{}", driver.screen());
        driver.keys("-");
        assert!(is_strip(&driver), "folded by the user:\n{}", driver.screen());
        driver.keys("-");
        assert!(is_shown(&driver, Pane::Traffic));
        assert_eq!(driver.app.shared.arrangement.fold, Fold::Automatic);
        driver.done(id);
        assert!(is_strip(&driver), "{size:?}");
    }
}

#[test]
fn a_click_on_the_strip_unfolds_it_and_its_key_gives_the_focus_away() {
    let mut driver = Driver::starter((120, 40));
    driver.click("Traffic");
    assert!(driver.app.shared.focus == Pane::Traffic && is_shown(&driver, Pane::Traffic));
    driver.keys("-");
    assert!(!is_shown(&driver, Pane::Traffic), "{}", driver.screen());
    assert_ne!(driver.app.shared.focus, Pane::Traffic);
    // From a text field it is another key.
    driver.keys("<C-l><F12>");
    assert!(is_shown(&driver, Pane::Traffic), "{}", driver.screen());
    assert_eq!(driver.app.shared.focus, Pane::Request);
}

#[test]
fn parts_can_be_hidden_and_are_seen_while_they_have_the_focus() {
    for size in [(120, 40), (160, 48), (200, 60)] {
        let mut driver = Driver::starter(size);
        driver.keys("B");
        assert!(!is_shown(&driver, Pane::History) && is_shown(&driver, Pane::Presets));
        driver.keys("<A-2>");
        assert!(is_shown(&driver, Pane::History), "{}", driver.screen());
        driver.keys("<A-1>b");
        assert!(!is_shown(&driver, Pane::Presets), "{}", driver.screen());
        assert_eq!(driver.app.shared.focus, Pane::Response, "what is hidden has no keys");
        driver.keys("<A-4>_");
        assert!(!driver.shows("Traffic"), "{}", driver.screen());
        let before = driver.app.shared.focus;
        for _ in 0..3 {
            driver.keys("<Tab>");
            assert!(matches!(driver.app.shared.focus, Pane::Request | Pane::Response));
        }
        assert_ne!(driver.app.shared.focus, before, "an odd number of steps between two");
        driver.keys("<A-4>b_");
        assert!(is_shown(&driver, Pane::Presets) && driver.shows("5 Traffic"));
        assert!(!is_shown(&driver, Pane::History), "that was hidden by itself");
        driver.keys("B");
        assert!(is_shown(&driver, Pane::History));
    }
}

#[test]
fn on_a_small_screen_the_key_of_the_side_bar_shows_it_by_the_focus() {
    let mut driver = Driver::starter((80, 24));
    driver.keys("<A-4>");
    assert!(!is_shown(&driver, Pane::Presets));
    driver.keys("b");
    assert!(is_shown(&driver, Pane::Presets) && driver.app.shared.focus == Pane::Presets);
    driver.keys("b");
    assert!(!is_shown(&driver, Pane::Presets) && driver.app.shared.focus == Pane::Response);
}

#[test]
fn the_letter_that_hid_a_part_shows_it_again_and_is_typed_nowhere() {
    let parts =
        [(Pane::Presets, "b"), (Pane::History, "b"), (Pane::History, "B"), (Pane::Traffic, "_")];
    for size in [(80, 24), (160, 48)] {
        for (pane, key) in parts {
            let mut driver = Driver::starter(size);
            driver.keys(&format!("<A-{}>", pane as usize + 1));
            // Of the traffic a line is enough.
            let is_seen = |driver: &Driver| match pane {
                Pane::Traffic => driver.shows("Traffic"),
                pane => is_shown(driver, pane),
            };
            let address = driver.app.shared.drafts.current().spec.address().to_owned();
            assert!(is_seen(&driver), "{}", driver.screen());
            driver.keys(key);
            assert!(!is_seen(&driver), "{pane:?} {key} {}", driver.screen());
            driver.keys(key);
            assert!(is_seen(&driver), "{pane:?} {key} {}", driver.screen());
            assert_eq!(driver.app.shared.drafts.current().spec.address(), address);
        }
    }
}

#[test]
fn the_arrangement_is_there_again_after_a_restart() {
    let mut driver = Driver::starter((160, 48));
    driver.keys("B<A-3><A-4>]]-");
    let arranged = driver.app.shared.arrangement;
    assert!(arranged.hides_history && arranged.beside > 0 && arranged.fold == Fold::Never);
    driver.keys("<C-q>");
    let kept = driver.store.restore.clone().unwrap();
    let mut again = Driver::bare((160, 48));
    again.send(Message::Store(Reply::Workspace(Box::new(starter_workspace()))));
    again.send(Message::Store(Reply::Restored(Some(Box::new(kept)))));
    assert_eq!(again.app.shared.arrangement, arranged);
}

#[test]
fn what_was_hidden_is_not_seen_after_a_restart() {
    let parts = [(Pane::Presets, "<A-1>b"), (Pane::History, "<A-2>B"), (Pane::Traffic, "<A-5>_")];
    for size in [(120, 40), (160, 48), (200, 60)] {
        for (pane, keys) in parts {
            let mut driver = Driver::starter(size);
            driver.keys(keys);
            driver.keys("<C-q>");
            let kept = driver.store.restore.clone().unwrap();
            let mut again = Driver::bare(size);
            again.send(Message::Store(Reply::Workspace(Box::new(starter_workspace()))));
            again.send(Message::Store(Reply::Restored(Some(Box::new(kept)))));
            assert!(!is_shown(&again, pane), "{pane:?} {size:?}:\n{}", again.screen());
        }
    }
}

#[test]
fn a_list_longer_than_its_pane_tells_where_it_is() {
    let mut driver = Driver::starter((80, 24));
    driver.keys("<A-1>");
    assert!(!driver.shows("of 8"), "all is in sight:\n{}", driver.screen());
    driver.send(Message::Input(Input::Resize { columns: 80, rows: 16 }));
    driver.keys("<Down><Down>");
    assert!(driver.shows(" of 8"), "{}", driver.screen());
    assert!(driver.shows("▐"), "{}", driver.screen());
}
