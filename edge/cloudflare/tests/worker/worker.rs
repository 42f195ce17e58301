//! The Worker, as `cargo xtask cloudflare` built it, in workerd.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use http::Request;
use serde_json::Value;
use tempfile::TempDir;
use tollgate_test_servers::WorkerdServer;

use crate::POLICIES;
use crate::answer::Answer;
use crate::manifest::configuration;

/// How long a connection is asked again: workerd closes one that was idle for five seconds.
const IDLE_MAX: Duration = Duration::from_secs(1);

pub(crate) struct Worker {
    server: WorkerdServer,
    agent: ureq::Agent,
    _folder: TempDir,
}

impl Worker {
    /// One that answers everybody.
    pub(crate) fn start() -> Self {
        Self::start_with(&[("POLICIES", POLICIES), ("API_KEYS", "")])
    }

    pub(crate) fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::start_changed(variables, |_| {})
    }

    /// One behind another entry, which finds its own as `sound.js`.
    pub(crate) fn start_behind(variables: &[(&str, &str)], entry: &str) -> Self {
        Self::start_changed(variables, |folder| {
            fs::rename(folder.join("worker.js"), folder.join("sound.js")).unwrap();
            fs::write(folder.join("worker.js"), entry).unwrap();
        })
    }

    fn start_changed(variables: &[(&str, &str)], change: impl FnOnce(&Path)) -> Self {
        let built = env::var_os("TOLLGATE_WORKER").expect("`cargo xtask cloudflare test` sets it");
        let folder = tempfile::tempdir().unwrap();
        // workerd embeds files that are beside its configuration.
        copy(&PathBuf::from(built), folder.path());
        change(folder.path());
        let file = folder.path().join("config.capnp");
        fs::write(&file, configuration(folder.path(), variables)).unwrap();
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.max_idle_age(IDLE_MAX).build().into();
        Self { server: WorkerdServer::start(&file), agent, _folder: folder }
    }

    pub(crate) fn send(&self, request: &Request<String>) -> Answer {
        let (mut parts, body) = request.clone().into_parts();
        parts.uri = format!("{}{}", self.server.url(), parts.uri).parse().unwrap();
        let response = match &*body {
            "" => self.agent.run(Request::from_parts(parts, ())),
            body => self.agent.run(Request::from_parts(parts, body)),
        };
        let (parts, mut body) = response.unwrap().into_parts();
        Answer::new(&parts, &body.read_to_string().unwrap())
    }

    /// Posts a body to the API.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&Request::post(path).body(body.to_string()).unwrap())
    }

    /// What is left of a budget.
    pub(crate) fn remaining(&self, key: &str) -> u64 {
        let request = Request::get(format!("/v1/limits/budget/{key}")).body(String::new()).unwrap();
        self.send(&request).json()["limits"]["units"]["remaining"].as_u64().unwrap()
    }

    /// Kills workerd, and starts it again with what its objects have stored.
    pub(crate) fn crash(&mut self) {
        self.server.crash();
    }

    /// Whether a file of any object has these bytes in it.
    pub(crate) fn has_stored(&self, text: &str) -> bool {
        let files = fs::read_dir(self.server.storage().join("records")).unwrap();
        let mut objects = files.map(|file| file.unwrap().path()).filter(|path| {
            // What workerd itself knows of all objects: their names and alarms.
            !path.file_name().unwrap().to_string_lossy().starts_with("metadata.")
        });
        objects.any(|path| {
            // A file may be removed between listing and reading it.
            let bytes = fs::read(path).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
