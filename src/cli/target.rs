//! What a command is about: an address or a preset, as a spec, with the values its templates may
//! use.
//!
//! Called by `send`, `listen` and `relay`. A text with a scheme or a leading colon is an address; any other
//! is a preset when there is one of that name, else an address when it looks like one.

use std::collections::BTreeMap;

use super::name_sources::NameSources;
use super::wanted;
use crate::args::Common;
use crate::compose;
use crate::compose::address;
use crate::compose::adopt::{serving, through_socket};
use crate::model::endpoint::{Bind, Endpoint, EndpointError};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::field_access;
use crate::model::file_problems::{defaults_of, problem_in};
use crate::model::plan::Plan;
use crate::model::preset::{Preset, PresetPath, Scope, StoredPreset};
use crate::model::protocol::{Protocol, Side};
use crate::model::secrets::hide_typed;
use crate::model::spec::Spec;
use crate::model::unix_name::UnixName;
use crate::model::url_text::UrlText;
use crate::store;
use crate::store::job::Workspace;
use crate::store::paths::Paths;

/// What a command is about.
pub(super) struct Target {
    pub(super) spec: Spec,
    /// What its templates may refer to.
    pub(super) scope: Scope,
    /// The preset it was.
    pub(super) preset: Option<PresetPath>,
    /// The workspace that was read, as it is shown.
    pub(super) workspace: Option<String>,
}

/// Finds the target of a command that acts as this side.
pub(super) fn find(
    text: &str,
    side: Side,
    common: &Common,
    paths: &Paths,
    os: &BTreeMap<String, String>,
) -> Result<Target, Failure> {
    let explicit = is_address(text);
    // Presets and environments are read only when they can matter.
    let read = || paths.workspace_unasked().map(store::read_workspace);
    let workspace = (!explicit || common.env.is_some()).then(read).transpose()?;
    let mut scope = Scope { os: os.clone(), ..Scope::default() };
    let preset = match &workspace {
        Some(workspace) if !explicit => preset(text, workspace)?,
        _ => None,
    };
    if let (Some(preset), Some(workspace)) = (&preset, &workspace) {
        whole(workspace, &defaults_of(preset.path.folder()))?;
        scope.variables = workspace.inherited(preset.path.folder());
        scope.folder = workspace.folder(preset.path.folder());
    }
    if let (Some(name), Some(workspace)) = (&common.env, &workspace) {
        use_environment(name, workspace, &mut scope)?;
    }
    wanted::typed(&common.vars, &mut scope)?;
    let path = preset.as_ref().map(|preset| preset.path.clone());
    let mut spec = match preset {
        Some(preset) => of_side(preset, side)?,
        None => from_address(text, side, workspace.as_ref())?,
    };
    for setting in &common.settings {
        set(&mut spec, setting)?;
    }
    if let Some(file) = &common.contract {
        set(&mut spec, &format!("contract={file}"))?;
    }
    let workspace = workspace.map(|workspace| workspace.root);
    Ok(Target { spec, scope, preset: path, workspace })
}

/// Whether a text is an address whatever presets there are.
fn is_address(text: &str) -> bool {
    text.contains("://") || text.starts_with([':', '*'])
}

/// The preset of this name, if there is one that can be read.
pub(super) fn preset_named(text: &str, paths: &Paths) -> Result<Option<PresetPath>, Failure> {
    if is_address(text) {
        return Ok(None);
    }
    let workspace = store::read_workspace(paths.workspace_unasked()?);
    Ok(preset(text, &workspace)?.map(|preset| preset.path))
}

/// `PATH=VALUE`
pub(super) fn set(spec: &mut Spec, setting: &str) -> Result<(), Failure> {
    let refuse = |cause| {
        let target = format!("--set {setting}");
        hide_typed(setting, Failure::new(Stage::Compose, target, FailureKind::Usage, cause))
    };
    let (path, value) = setting
        .split_once('=')
        .ok_or_else(|| refuse("write PATH=VALUE, such as timeout=5s".to_owned()))?;
    field_access::assign(spec.options_mut(), path.trim(), value).map_err(refuse)
}

/// The plan of a spec; all its issues as one failure. `sources` say where names get values.
pub(super) fn planned(
    spec: &Spec,
    scope: &Scope,
    sources: &NameSources<'_>,
) -> Result<Plan, Failure> {
    let hidden = scope.hidden();
    compose::plan(spec, scope).map_err(|issues| {
        let mut causes: Vec<String> = issues
            .iter()
            .map(|issue| match issue.span.as_ref().filter(|_| issue.unknown.is_none()) {
                Some(span) => format!("{} at byte {}: {}", issue.field, span.start, issue.message),
                None => format!("{}: {}", issue.field, issue.message),
            })
            .collect();
        causes.dedup();
        for cause in &mut causes {
            *cause = hidden.hide_words(cause);
        }
        let address = hidden.hide_words(spec.address());
        let failure = Failure::new(Stage::Compose, address, FailureKind::Usage, causes.join("; "));
        match issues.iter().find_map(|issue| issue.unknown.as_ref()) {
            Some(unknown) if unknown.is_name => {
                let how = sources.how(unknown.inner(), scope);
                failure.hint(format!("{how}, or write {}", unknown.quoted()))
            }
            Some(unknown) => {
                let braces = &unknown.source;
                failure.hint(format!("to send {braces} as text write {}", unknown.quoted()))
            }
            None => failure,
        }
    })
}

/// What presets of a folder may refer to.
pub(super) fn scope_of_folder(
    folder: &str,
    environment: Option<&str>,
    workspace: &Workspace,
    os: &BTreeMap<String, String>,
) -> Result<Scope, Failure> {
    let mut scope = Scope { os: os.clone(), folder: workspace.folder(folder), ..Scope::default() };
    whole(workspace, &defaults_of(folder))?;
    scope.variables = workspace.inherited(folder);
    if let Some(name) = environment {
        use_environment(name, workspace, &mut scope)?;
    }
    Ok(scope)
}

/// What values of an environment may refer to, and those of a folder: as far as they can be read.
pub(super) fn scope_of_environment(
    name: &str,
    folder: &str,
    workspace: &Workspace,
    os: &BTreeMap<String, String>,
) -> Scope {
    let variables = workspace.inherited(folder);
    let mut scope = Scope { os: os.clone(), variables, ..Scope::default() };
    for layer in workspace.layers(name).into_iter().rev() {
        scope.take_layer(layer);
    }
    scope
}

fn preset(text: &str, workspace: &Workspace) -> Result<Option<Preset>, Failure> {
    let name = text.strip_suffix(".toml").unwrap_or(text);
    let Ok(path) = PresetPath::parse(name) else { return Ok(None) };
    whole(workspace, &[format!("{path}.toml")])?;
    let found = workspace.presets.iter().find(|preset| preset.path == path);
    found.map(|StoredPreset { content, .. }| content.clone()).transpose()
}

fn of_side(preset: Preset, side: Side) -> Result<Spec, Failure> {
    // What it asks for and nothing carries out must not look as if it had been met.
    if !preset.unused.is_empty() {
        let sections: Vec<String> = preset.unused.iter().map(|name| format!("[{name}]")).collect();
        let cause = format!("its {} cannot be carried out yet", sections.join(" and "));
        return Err(Failure::new(Stage::Compose, preset.path.as_str(), FailureKind::Usage, cause)
            .hint(
                "take it out of the file, or send it from the workbench, which leaves it alone",
            ));
    }
    if preset.spec.side() == side {
        return Ok(preset.spec);
    }
    let (is, command) = match preset.spec.side() {
        Side::Client => ("a client", "send"),
        Side::Listener => ("a listener", "listen"),
        Side::Relay => ("a relay", "relay"),
    };
    let cause = format!("this preset is {is}");
    Err(Failure::new(Stage::Compose, preset.path.as_str(), FailureKind::Usage, cause)
        .hint(format!("run: wirebench {command} {}", preset.path)))
}

/// Files of a workspace are read, all of each: what is read in part would send something else than it
/// says.
fn whole(workspace: &Workspace, files: &[String]) -> Result<(), Failure> {
    let problem = problem_in(&workspace.root, &workspace.problems, files);
    problem.map_or(Ok(()), |problem| Err(problem.clone()))
}

/// An environment is there and read, with all that it extends.
pub(super) fn whole_environment(name: &str, workspace: &Workspace) -> Result<(), Failure> {
    let layers = workspace.layers(name);
    let files = |name: &str| [format!("env/{name}.toml"), format!("env/{name}.secret.toml")];
    let of_layers = layers.iter().flat_map(|layer| files(&layer.name));
    whole(workspace, &files(name).into_iter().chain(of_layers).collect::<Vec<_>>())?;
    if layers.is_empty() {
        let names: Vec<&str> = workspace.environments.iter().map(|e| e.name.as_str()).collect();
        let known = match names.as_slice() {
            [] => format!("there is none in {}", workspace.root),
            names => format!("there are: {}", names.join(", ")),
        };
        let unread = workspace.problems.first().filter(|problem| hides_presets(problem));
        let known = unread.map_or(known.clone(), |problem| {
            format!("not all of the workspace was read: {problem}; {known}")
        });
        let cause = "there is no environment of this name";
        return Err(Failure::new(Stage::Compose, name, FailureKind::NotFound, cause).hint(known));
    }
    Ok(())
}

fn use_environment(name: &str, workspace: &Workspace, scope: &mut Scope) -> Result<(), Failure> {
    whole_environment(name, workspace)?;
    let layers = workspace.layers(name);
    for layer in layers.iter().rev() {
        scope.take_layer(layer);
    }
    Ok(())
}

fn from_address(text: &str, side: Side, workspace: Option<&Workspace>) -> Result<Spec, Failure> {
    let usage = |cause: &str| Failure::new(Stage::Compose, text, FailureKind::Usage, cause);
    if let Some(cause) = address::wrong_scheme(text) {
        return Err(usage(&cause));
    }
    let Some(detected) = address::detect(text) else {
        if let Some(cause) = no_port(text, side) {
            return Err(usage(&cause));
        }
        let names = workspace.map_or_else(Vec::new, |workspace| similar(text, workspace));
        let alike = (!names.is_empty()).then(|| format!("did you mean {}?", names.join(", ")));
        // What kept presets from being read may be why this one is not known.
        let problem = workspace.and_then(|workspace| workspace.problems.first());
        let unread = problem.filter(|problem| alike.is_none() || hides_presets(problem));
        let unread = unread.map(|problem| format!("not all presets were read: {problem}"));
        let hints: Vec<String> = unread.into_iter().chain(alike).collect();
        return Err(usage("neither an address nor a preset").hint(match hints.as_slice() {
            [] => {
                "write http://..., tcp://host:port, udp://host:port, unix:/path or :port".to_owned()
            }
            hints => hints.join("; "),
        }));
    };
    let protocol = match side {
        // `:9000` alone is a guess.
        Side::Relay if !detected.explicit => Protocol::Tcp,
        Side::Client | Side::Listener | Side::Relay => detected.protocol,
    };
    let Some(mut spec) = Spec::of(protocol, side) else {
        let cause = format!("there is no {} of {}", side.into_str(), protocol.title());
        return Err(usage(&cause).hint(
            "a relay listens on :port, tcp://:port, tls://:port, udp://:port or unix:/path",
        ));
    };
    let is_socket = UnixName::written(&detected.address).is_some();
    let written = match side {
        Side::Client => detected.address,
        Side::Listener | Side::Relay if is_socket => detected.address,
        // A listener's address is no client's: `*:9000` and `:9000` say where to bind.
        Side::Listener | Side::Relay if spec.serves_a_path() => serving(&mut spec, text).to_owned(),
        Side::Listener | Side::Relay => {
            let rest = UrlText::of(text).bare;
            rest.strip_suffix('/').unwrap_or(rest).to_owned()
        }
    };
    *spec.address_mut() = written;
    if let Some((socket, url)) = address::http_unix(text).filter(|_| !side.listens()) {
        through_socket(&mut spec, socket, url);
    }
    // Refused where there is no such option: the address of a request says whether it is TLS, and
    // nothing but its body is sent.
    if detected.tls {
        let _ = field_access::assign(spec.options_mut(), "tls", "true");
    }
    if !side.listens() {
        let _ = field_access::assign(spec.options_mut(), "line-ending", "none");
    }
    Ok(spec)
}

/// What is wrong with the port of a text that is an address but for it: `:99999`, `db:99999`.
fn no_port(text: &str, side: Side) -> Option<String> {
    let (_, port) = text.rsplit_once(':')?;
    let is_meant = is_address(text) || !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let flaw = match side {
        Side::Client => text.parse::<Endpoint>().err(),
        Side::Listener | Side::Relay => text.parse::<Bind>().err(),
    };
    flaw.filter(|flaw| is_meant && matches!(flaw, EndpointError::BadPort(_)))
        .map(|flaw| flaw.to_string())
}

/// Whether a problem with a workspace is a bound behind which presets are not known at all.
fn hides_presets(problem: &Failure) -> bool {
    matches!(problem.kind, FailureKind::TooLarge | FailureKind::Timeout(_))
}

/// Presets whose name contains the text, or the text theirs, or that are a slip or two away.
fn similar(text: &str, workspace: &Workspace) -> Vec<String> {
    const SHOWN: usize = 3;
    let wanted = text.to_lowercase();
    let close = |path: &&PresetPath| {
        let path = path.as_str().to_lowercase();
        let name = path.rsplit('/').next().unwrap_or_default();
        let slips = strsim::osa_distance(&path, &wanted).min(strsim::osa_distance(name, &wanted));
        path.contains(&wanted) || wanted.contains(name) || slips <= wanted.chars().count() / 4
    };
    let presets = workspace.presets.iter().map(|preset| &preset.path);
    presets.filter(close).take(SHOWN).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_none_is_told_as_one() {
        for (text, side) in [
            (":99999", Side::Relay),
            (":99999", Side::Listener),
            ("*:99999", Side::Listener),
            ("db:99999", Side::Client),
            (":-1", Side::Relay),
            (":http", Side::Listener),
        ] {
            let failure = from_address(text, side, None).unwrap_err();
            assert!(
                failure.cause.ends_with("is not a port; ports are 0 to 65535"),
                "{text}: {failure}"
            );
        }
        // What is no address at all may have been meant as a preset.
        for text in ["nothing-like-it", "users:create", "a b:9"] {
            let failure = from_address(text, Side::Client, None).unwrap_err();
            assert_eq!(failure.cause, "neither an address nor a preset", "{text}");
        }
    }

    #[test]
    fn a_slip_in_the_name_of_a_preset_is_seen() {
        let path = PresetPath::parse("users/create").unwrap();
        let content = Err(Failure::new(Stage::Storage, "x", FailureKind::Io, "unread"));
        let presets = vec![StoredPreset { path, content, fingerprint: 0 }];
        let workspace = Workspace { presets, ..Workspace::default() };
        for text in ["craete", "users/creat", "crea", "Users/Create"] {
            assert_eq!(similar(text, &workspace), ["users/create"], "{text}");
        }
        assert!(similar("delete", &workspace).is_empty());
    }
}
