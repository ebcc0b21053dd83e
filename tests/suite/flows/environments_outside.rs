//! What others do to environments, what is lost with a variable, and finding one among many.

use wirebench::app::effect::Effect;
use wirebench::app::message::Message;
use wirebench::app::overlay::Overlay;
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::store::job::{Reply, Workspace};

use super::environments::{SIZE, driver, two, variables};
use crate::harness::app::Driver;
use crate::harness::store::workspace;

fn read_anew(driver: &mut Driver, workspace: Workspace) {
    driver.send(Message::Store(Reply::Workspace(Box::new(workspace))));
}

/// What a question asks, in one line.
fn asked(driver: &Driver) -> String {
    let Some(Overlay::Confirm(asked)) = driver.app.overlays.last() else { return String::new() };
    asked.question.text.clone()
}

fn said(driver: &Driver) -> String {
    driver.app.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default()
}

#[test]
fn an_environment_in_force_that_goes_outside_is_said_with_what_is_in_force_now() {
    let mut driver = driver(SIZE);
    let mut without = two();
    let lab = without.environments.remove(0);
    read_anew(&mut driver, without.clone());
    let text = said(&driver);
    assert!(text.contains("environment lab is gone") && text.contains("env/lab.toml"), "{text}");
    assert!(text.contains("No environment is in force now"), "{text}");
    read_anew(&mut driver, two());
    assert!(said(&driver).contains("lab is back and in force again"), "{}", said(&driver));
    // By another name.
    let renamed = wirebench::model::preset::Environment { name: "lab2".into(), ..lab };
    without.environments.insert(0, renamed);
    read_anew(&mut driver, without);
    assert!(said(&driver).contains("lab2 holds the same"), "{}", said(&driver));
    assert_eq!(driver.app.shared.environment, None);
}

#[test]
fn a_variable_of_it_that_goes_outside_is_said_with_who_uses_it() {
    let mut driver = driver(SIZE);
    let mut without = two();
    without.environments[0].variables.remove("base");
    without.environments[0].secrets.remove("token");
    read_anew(&mut driver, without);
    let text = said(&driver);
    assert!(text.contains("took base and 1 more out of env/lab.toml"), "{text}");
    assert!(text.contains("1 preset uses {{base}} (api/get)"), "{text}");
    // What another environment lost, or one that cannot be read, is no news.
    let mut without = two();
    without.environments[1].variables.clear();
    driver.app.notice = None;
    read_anew(&mut driver, without.clone());
    assert!(!said(&driver).contains("another program"), "{}", said(&driver));
    without.environments[0].variables.clear();
    let why = "is no value";
    let broken = Failure::new(Stage::Storage, "env/lab.toml:2", FailureKind::Malformed, why);
    without.problems.push(broken);
    read_anew(&mut driver, without);
    let text = said(&driver);
    assert!(text.contains(why) && !text.contains("another program"), "{text}");
}

#[test]
fn deleting_what_is_used_asks_and_another_name_says_who_uses_the_old_one() {
    let mut driver = driver(SIZE);
    driver.keys("<A-E>gd");
    assert!(asked(&driver).contains("1 preset uses {{base}} (api/get)"), "{}", driver.screen());
    driver.keys("n");
    assert!(variables(&driver, "lab").contains_key("base"));
    driver.keys("gjd");
    assert!(asked(&driver).contains("base in env/lab.toml uses it"), "{}", driver.screen());
    driver.keys("n<Home>r<End>2<Enter>");
    let text = said(&driver);
    assert!(
        text.contains("base is now base2") && text.contains("1 preset uses {{base}}"),
        "{text}"
    );
    driver.keys("m");
    assert!(said(&driver).contains("moved to env/lab.secret.toml"), "{}", said(&driver));
}

#[test]
fn what_is_typed_is_asked_about_before_it_goes_or_the_program_does() {
    let mut driver = driver(SIZE);
    driver.keys("<A-E>anew<Tab>value");
    driver.keys("<Esc>");
    assert!(asked(&driver).contains("the variable new is not written"), "{}", driver.screen());
    driver.keys("<Esc>");
    assert!(driver.shows("value"), "it goes on: {}", driver.screen());
    let left = driver.keys("<C-q>");
    assert!(
        !left.contains(&Effect::Quit) && asked(&driver).contains("Leave?"),
        "{}",
        driver.screen()
    );
    driver.keys("n");
    assert!(driver.shows("value"), "{}", driver.screen());
    driver.keys("<A-E>");
    assert!(
        asked(&driver).contains("Throw away what is typed?"),
        "its own key: {}",
        driver.screen()
    );
    driver.keys("n<Enter>");
    assert_eq!(variables(&driver, "lab")["new"], "value");
    // The name of one.
    driver.keys("<Left>nqa<Esc>");
    assert!(asked(&driver).contains("the name qa is not written"), "{}", driver.screen());
    driver.keys("y");
    // Nothing typed, nothing asked.
    driver.keys("n<Esc><Right>a<Esc><Enter><Esc>");
    assert!(!driver.shows("Throw away"), "{}", driver.screen());
    driver.keys("<Enter>1<C-q>y");
    assert!(driver.store.restore.is_some(), "it leaves");
}

#[test]
fn a_variable_among_many_is_found_and_counted_and_long_names_are_told_apart() {
    let mut found = two();
    let long = "a_rather_long_name_of_a_variable_that_differs_at_its_very_end_alone";
    for at in 0..200 {
        let name = format!("{long}_{at:03}");
        found.environments[0].variables.insert(name, format!("value-{at:03}"));
    }
    for size in [(80, 24), (160, 48)] {
        let mut driver = Driver::with(size, found.clone());
        driver.keys("<A-E>");
        assert!(driver.shows("1 of 206"), "{}", driver.screen());
        assert!(driver.shows("_000") && driver.shows("_001"), "{}", driver.screen());
        driver.keys("G");
        assert!(driver.shows("206 of 206"), "{}", driver.screen());
        driver.keys("/17<Down>");
        assert!(driver.shows("2 of 12 found in 206"), "{}", driver.screen());
        driver.keys("<Enter><Enter>");
        assert!(driver.shows("Change"), "the one that is found: {}", driver.screen());
        driver.keys("<Esc><Esc>");
        assert!(driver.shows("of 206") && !driver.shows("found in"), "{}", driver.screen());
        driver.keys("/lab-no-such");
        assert!(driver.shows("none of 206"), "{}", driver.screen());
        driver.keys("<Esc>=/only-one");
        assert!(driver.shows("none of"), "{}", driver.screen());
    }
}

#[test]
fn each_broken_file_is_told_beside_its_environment_and_the_others_work() {
    let mut found = Workspace { environments: two().environments, ..workspace(&[]) };
    for (file, why) in [("env/lab.toml:1", "first"), ("env/lab.secret.toml", "second")] {
        found.problems.push(Failure::new(Stage::Storage, file, FailureKind::Malformed, why));
    }
    let mut driver = Driver::with((160, 48), found);
    let text = said(&driver);
    assert!(text.contains("env/lab.toml:1") && text.contains("env/lab.secret.toml"), "{text}");
    driver.keys("<A-E><Left>k");
    assert!(driver.shows("first") && driver.shows("second"), "{}", driver.screen());
    driver.keys("=");
    assert!(driver.shows("lab and prod") && driver.shows("second"), "{}", driver.screen());
    driver.keys("<Esc>");
    assert_eq!(driver.app.shared.environment.as_deref(), Some("prod"), "one that can be read");
    driver.keys("<Left>j");
    assert!(!driver.shows("second") && driver.shows("prod.example"), "{}", driver.screen());
}
