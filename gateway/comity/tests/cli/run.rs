//! Runs the program, in Hong Kong's time, with a folder of its own.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// How a run ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Types `comity` and `args`; stdout and stderr are no terminal.
pub(crate) fn comity<S: AsRef<str>>(args: &[S]) -> Ran {
    comity_with(&[], args)
}

/// The same, with more in the environment.
pub(crate) fn comity_with<S: AsRef<str>>(environment: &[(&str, &str)], args: &[S]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_comity"))
        .args(args.iter().map(AsRef::as_ref))
        .env("TZ", "HKT-8")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    Ran {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    /// Checks the exit status.
    #[track_caller]
    pub(crate) fn ends(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// The one object on stdout, and nothing beside it.
    #[track_caller]
    pub(crate) fn object(&self) -> Value {
        let object: Value =
            serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:#?}"));
        assert!(object.is_object() && !self.out.contains('\u{1b}'), "{self:#?}");
        assert_eq!(self.out.trim_end().lines().count(), 1, "{self:#?}");
        object
    }

    /// The lines of stdout.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.out.lines().collect()
    }
}

/// A folder of a test's own, gone at its end.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("comity-cli-{}-{number}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Writes a file, with the folders above it. Gives its path as one types it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        self.path(name)
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left lies below the build's own folder.
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// A folder of the tree.
pub(crate) fn tree(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).to_str().unwrap().to_owned()
}
