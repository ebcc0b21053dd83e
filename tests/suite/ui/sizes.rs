//! Every scene is drawn at every size from 1x1 on.

use wirebench::app::message::{Input, Message};

use crate::harness::app::{Driver, draw};

/// Scenes by the keys that lead there.
pub const SCENES: [(&str, &str); 18] = [
    ("start", ""),
    ("search", "/tcp"),
    ("palette", "<C-p>"),
    ("palette-typed", "<C-p>http"),
    ("help", "?"),
    ("save-as", "<Enter>S"),
    ("new-save", "<C-n>:8080/users<C-s>"),
    ("delete", "d"),
    ("environments", "E"),
    ("environments-window", "<A-E>"),
    ("cookies", "<A-k>"),
    ("jump", "<C-o>"),
    ("code", "c"),
    ("listener", "<Enter><C-Right>"),
    ("relay", "<A-r><C-l>:9000<Tab>db:5432<Down>"),
    ("running", "<F5><Up><F5>"),
    ("zoomed", "z"),
    ("run-options", "R"),
];

#[test]
fn no_scene_panics_at_any_size() {
    for (name, keys) in SCENES {
        for (columns, rows) in [(80, 24), (120, 40)] {
            let mut driver = Driver::starter((columns, rows));
            driver.keys(keys);
            for columns in (1..24).chain([39, 40, 43, 44, 80, 99, 100, 200]) {
                for rows in (1..16).chain([24, 60]) {
                    driver.send(Message::Input(Input::Resize { columns, rows }));
                    let buffer = draw(&driver.app);
                    assert_eq!(buffer.area.width, columns, "{name}");
                }
            }
        }
    }
}

#[test]
fn keys_and_clicks_work_at_the_smallest_sizes() {
    for (columns, rows) in [(1, 1), (2, 2), (5, 3), (20, 5), (40, 12)] {
        let mut driver = Driver::starter((columns, rows));
        for (_, keys) in SCENES {
            driver.keys(keys);
            for row in 0..rows {
                driver.click_at(columns / 2, row);
                let _ = draw(&driver.app);
            }
            driver.keys("<Esc><Esc>jk<PgDn><PgUp>Gg<Esc><Tab>");
            let _ = draw(&driver.app);
        }
    }
}
