//! Small pictures for the README, each of one job done in the running program.
//!
//! `UPDATE_PICTURE=1 cargo test picture` draws them anew; otherwise the same jobs are done with free
//! ports, and the committed pictures must have the same words.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::{svg, words};
use crate::harness::peers::read_head;
use crate::harness::terminal::{Launch, Tui};

/// Larger ones are slow to load beside a text.
const LARGEST: usize = 60 * 1024;
/// The pane of the answer, the window that lies on it, or the form have come to rest.
const REST: Duration = Duration::from_millis(1500);

/// Words that may be others: the last rows of a traffic come in the order of the system.
const OTHER: usize = 3;

/// A job and its picture.
struct Job {
    file: &'static str,
    size: (u16, u16),
    /// Does it, from the started program on; the picture is of what is shown then.
    play: fn(&mut Tui),
    /// What has to be on it.
    shows: &'static [&'static str],
}

const JOBS: [Job; 6] = [
    Job {
        file: "request", size: (160, 28), play: request, shows: &["Zoë", "200 OK", ".[1].city"]
    },
    Job { file: "mock", size: (112, 26), play: mock, shows: &["/users", "201", "answered 200"] },
    Job { file: "compare", size: (112, 26), play: compare, shows: &["Two answers", ".[1].city"] },
    Job { file: "jq", size: (112, 26), play: filter, shows: &["⇒ jq", "Ann lives in Oslo"] },
    Job { file: "environments", size: (112, 26), play: environments, shows: &["staging", "api"] },
    Job { file: "light", size: (112, 26), play: light, shows: &["Ann", "200 OK"] },
];

const CITIES: [&str; 2] = ["Bern", "Bilbao"];

/// Answers given in this job.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// A peer that knows three users, one of whom moves after the first answer; one for all jobs, for its
/// address is in the pictures.
fn users(address: &str) -> SocketAddr {
    static THERE: OnceLock<SocketAddr> = OnceLock::new();
    ASKED.store(0, Ordering::Relaxed);
    *THERE.get_or_init(|| begin(address))
}

fn begin(address: &str) -> SocketAddr {
    let listener = TcpListener::bind(address).expect("a port");
    let there = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            if read_head(&mut stream).is_none() {
                continue;
            }
            let city = CITIES[ASKED.fetch_add(1, Ordering::Relaxed).min(1)];
            let body = format!(
                r#"[{{"id":1,"name":"Ann","city":"Oslo","admin":true}},{{"id":2,"name":"Bob","city":"{city}","admin":false}},{{"id":3,"name":"Zoë","city":"Genève","admin":false}}]"#
            );
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    there
}

/// A workspace of a shop: requests in a folder, a mock, two environments.
fn launch(is_kept: bool) -> Launch {
    let (api, mock) = if is_kept { ("127.0.0.1:8080", 9000) } else { ("127.0.0.1:0", 0) };
    let api = users(api);
    let launch = Launch::default();
    let folder = launch.home.path().join("home/presets");
    let put = |name: &str, text: &str| {
        let file: PathBuf = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        // As secrets have to be.
        fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
    };
    put("env/local.toml", &format!("api = \"http://localhost:{}\"\npage = \"1\"\n", api.port()));
    put(
        "env/staging.toml",
        "api = \"https://staging.example.org\"\ncolor = \"red\"\npage = \"1\"\n",
    );
    put("env/staging.secret.toml", "token = \"not in any picture\"\n");
    put("env/local.secret.toml", "token = \"not in any picture\"\n");
    put(
        "users/list.toml",
        "[http]\nurl = \"{{api}}/users\"\nquery = [\"page={{page}}\", \"~limit=50\"]\n\
         headers = [\"Accept: application/json\"]\nauth.bearer = \"{{secret.token}}\"\n",
    );
    put(
        "users/create.toml",
        "[http]\nmethod = \"POST\"\nurl = \"{{api}}/users\"\nbody.json = '''\n{\n  \"name\": \"Eve\"\n}\n'''\n",
    );
    put("users/remove.toml", "[http]\nmethod = \"DELETE\"\nurl = \"{{api}}/users/2\"\n");
    put(
        "mock.toml",
        &format!(
            "[http-listener]\nbind = \"127.0.0.1:{mock}\"\nstatus = 404\n\n\
             [[http-listener.rule]]\nmethod = \"GET\"\npath = \"/users\"\n\
             headers = [\"Content-Type: application/json\"]\nbody.json = '''\n[{{\"id\": 1, \"name\": \"Ann\"}}]\n'''\n\n\
             [[http-listener.rule]]\nmethod = \"POST\"\npath = \"/users\"\nstatus = 201\n\n\
             [[http-listener.rule]]\nmethod = \"DELETE\"\npath = \"/users/*\"\nstatus = 204\noff = true\n\n\
             [[http-listener.rule]]\npath = \"/slow\"\ndelay = \"3s\"\n"
        ),
    );
    launch
}

/// Shows a preset in the local environment.
fn open(tui: &mut Tui, name: &str) {
    tui.wait_for("users");
    while !tui.screen().contains("env local") {
        tui.keys("<F7>");
        tui.wait_quiet(Duration::from_millis(200));
    }
    tui.keys(&format!("<C-p>{name}<Enter>"));
    tui.wait_for(&format!("─ {name} "));
}

fn request(tui: &mut Tui) {
    open(tui, "users/list");
    tui.keys("<F5>");
    tui.wait_for("Zoë");
    tui.keys("<A-4>/Bern<Enter>");
    tui.wait_for(".[1].city");
}

fn mock(tui: &mut Tui) {
    open(tui, "mock");
    tui.keys("<F5>");
    tui.wait_for("listening");
    let screen = tui.screen();
    let at = screen.rfind("127.0.0.1:").unwrap() + "127.0.0.1:".len();
    let port: String = screen[at..].chars().take_while(char::is_ascii_digit).collect();
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let _ = write!(
        stream,
        "GET /users HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    );
    let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
    tui.wait_for("200");
}

fn compare(tui: &mut Tui) {
    open(tui, "users/list");
    for sent in 1..=2 {
        tui.keys("<F5>");
        tui.wait_for_screen("answers", |screen| screen.matches("=1 200").count() == sent);
    }
    tui.keys("<A-4>=");
    tui.wait_for(".[1].city");
}

fn filter(tui: &mut Tui) {
    open(tui, "users/list");
    tui.keys("<F5>");
    tui.wait_for("\"Ann\"");
    tui.keys("<A-4>q.[] | \"\\(.name) lives in \\(.city)\"<Enter>");
    tui.wait_for("⇒ jq");
    tui.wait_for("Zoë lives in");
}

fn environments(tui: &mut Tui) {
    open(tui, "users/list");
    tui.keys("<A-E>");
    tui.wait_for("env/local.toml");
}

fn light(tui: &mut Tui) {
    open(tui, "users/list");
    tui.keys("<F5>");
    tui.wait_for("\"Ann\"");
    tui.keys("<A-1>Tlight<Enter>");
    tui.wait_for("users");
    tui.keys("<A-4>");
}

#[test]
fn each_picture_of_a_job_in_the_readme_shows_the_program_as_it_is() {
    let is_kept = std::env::var_os("UPDATE_PICTURE").is_some();
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let mut wrong = Vec::new();
    for job in JOBS {
        let place = format!("assets/pictures/{}.svg", job.file);
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(&place);
        let launch = launch(is_kept).env("COLORTERM", "truecolor").env("TZ", "UTC");
        let mut tui = launch.size(job.size.0, job.size.1).start();
        (job.play)(&mut tui);
        // Rates and remarks go away a while after the last record.
        tui.wait_quiet(REST);
        let (drawn, text) = (tui.look(svg::draw), tui.screen());
        for label in job.shows {
            assert!(text.contains(label), "{}: no {label} on:\n{text}", job.file);
        }
        tui.quit();
        svg::assert_well_formed(&drawn);
        if is_kept {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &drawn).unwrap();
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        let (then, now) = (words(&svg::text(&kept)), words(&svg::text(&drawn)));
        if then.symmetric_difference(&now).count() > OTHER {
            wrong.push(place.clone());
        }
        assert!(kept.len() <= LARGEST, "{place}: {} bytes", kept.len());
        assert!(readme.contains(&format!("]({place})")), "{place} is not in the README");
    }
    assert!(wrong.is_empty(), "run: UPDATE_PICTURE=1 cargo test picture; others by now: {wrong:?}");
}
