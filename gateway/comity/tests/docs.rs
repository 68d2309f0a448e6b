//! The pages for users: every command in them is run, every link leads somewhere, every setting is described.
//!
//! A fence ```` ```sh ```` holds commands, run in order as they are typed, in one folder a page, where `comity-demo` is
//! a demonstration that was kept. `# exit 1` behind a command says how it ends; without it, 0.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may panic"
)]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

/// The pages whose commands are run.
const PAGES: [&str; 5] = ["verify", "platform", "operator", "regulator", "policy"];

/// Fences that hold something else than commands.
const OTHER: [&str; 3] = ["text", "toml", "http"];

fn tree() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn page(name: &str) -> String {
    fs::read_to_string(tree().join(format!("docs/{name}.md"))).unwrap()
}

/// A command of a page, and how it must end.
#[derive(Debug, PartialEq, Eq)]
struct Typed {
    line: String,
    status: i32,
}

/// All commands of a page, in order.
fn commands(text: &str) -> Vec<Typed> {
    let (mut found, mut fence, mut line) = (Vec::new(), None, String::new());
    for text in text.lines() {
        match (text.strip_prefix("```"), fence) {
            (Some(kind), None) => fence = Some(kind),
            (Some(_), Some(_)) => fence = None,
            (None, Some("sh")) => {
                line.push_str(text.trim());
                if line.ends_with('\\') {
                    line.pop();
                    continue;
                }
                found.push(typed(&std::mem::take(&mut line)));
            }
            (None, Some(kind)) => assert!(OTHER.contains(&kind), "a fence of `{kind}`"),
            (None, None) => {}
        }
    }
    assert_eq!((fence, line.as_str()), (None, ""), "a fence or a command without an end");
    found
}

fn typed(line: &str) -> Typed {
    let (command, status) = line.split_once("# exit ").unwrap_or((line, "0"));
    Typed { line: command.trim().to_owned(), status: status.trim().parse().unwrap() }
}

/// A shell in which `comity` is the program under test.
fn shell(folder: &Path, line: &str) -> (String, i32) {
    let path = std::env::var("PATH").unwrap();
    let bin = folder.parent().unwrap().join("bin");
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder).env("PATH", format!("{}:{path}", bin.display()));
    let output = shell.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&text).into_owned(), output.status.code().unwrap_or(-1))
}

/// A demonstration that runs, and is stopped whatever becomes of the test.
struct Kept(PathBuf);

impl Drop for Kept {
    fn drop(&mut self) {
        let (text, status) = shell(&self.0, "comity demo stop");
        assert!(std::thread::panicking() || status == 0, "{text}");
    }
}

/// A folder for a page: the tree's packs, and the demonstration that was kept.
fn folder_of(page: &str, scratch: &Path) -> PathBuf {
    let folder = scratch.join(page);
    fs::create_dir(&folder).unwrap();
    symlink(scratch.join("kept/comity-demo"), folder.join("comity-demo")).unwrap();
    symlink(tree().join("policies"), folder.join("policies")).unwrap();
    folder
}

#[test]
fn every_command_of_the_pages_ends_as_they_say() {
    let scratch = tempfile::tempdir().unwrap();
    let (bin, kept) = (scratch.path().join("bin"), scratch.path().join("kept"));
    fs::create_dir(&bin).unwrap();
    fs::create_dir(&kept).unwrap();
    symlink(env!("CARGO_BIN_EXE_comity"), bin.join("comity")).unwrap();
    let demo = Kept(kept.clone());
    let (text, status) = shell(&kept, "comity demo --keep");
    assert_eq!(status, 0, "{text}");
    let mut wrong = Vec::new();
    for page_name in PAGES {
        let folder = folder_of(page_name, scratch.path());
        let commands = commands(&page(page_name));
        assert!(commands.len() >= 5, "{page_name}: {commands:?}");
        for Typed { line, status } in commands {
            let (text, got) = shell(&folder, &line);
            if got != status {
                wrong.push(format!(
                    "docs/{page_name}.md: `{line}` ends with {got}, not {status}:\n{text}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    every_setting_is_described(&kept);
    drop(demo);
}

/// What `--print-effective` prints for each program is in the operator's table.
fn every_setting_is_described(kept: &Path) {
    let described = settings(&page("operator"));
    let deployment = "comity-demo/running/deployment/CN-HK";
    for file in ["gateway/gateway.toml", "relayer/relayer.toml", "office-1/regulator.toml"] {
        let check = format!("comity config check --json --print-effective {deployment}/{file}");
        let (text, status) = shell(kept, &check);
        assert_eq!(status, 0, "{text}");
        let said: serde_json::Value = serde_json::from_str(&text).unwrap();
        let all = said["effective"].as_array().unwrap();
        assert!(all.len() > 15, "{text}");
        for setting in all {
            let path = general(setting["setting"].as_str().unwrap());
            assert!(
                described.contains(&path),
                "docs/operator.md does not describe {path} of {file}"
            );
        }
    }
}

/// `chain.CN-GD.source.1.operator` and `chain.CN-GD.source[1].operator` are `chain.REGION.source.operator`.
fn general(path: &str) -> String {
    let path = path.replace(']', "").replace('[', ".");
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_region = |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase());
    let parts = path.split('.').filter(|part| !is_number(part));
    let parts = parts.map(|part| if is_region(part) { "REGION" } else { part });
    parts.collect::<Vec<_>>().join(".")
}

/// The settings that a page's tables name in their first column; `.id` stands for the one before it with another end.
fn settings(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for row in text.lines().filter(|line| line.starts_with("| `")) {
        let mut before = String::new();
        for name in row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2) {
            let parent = before.rsplit_once('.').map(|(parent, _)| parent.to_owned());
            let full = match name.strip_prefix('.') {
                Some(end) => format!("{}.{end}", parent.unwrap()),
                None => name.to_owned(),
            };
            found.insert(full.clone());
            before = full;
        }
    }
    found
}

/// The pages, and the one that leads to them.
fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        PAGES.iter().map(|it| tree().join(format!("docs/{it}.md"))).collect();
    files.push(tree().join("README.md"));
    files
}

/// The commands that a text names within its sentences.
fn named(text: &str) -> BTreeSet<String> {
    let text = text.replace("\\|", "|");
    let prose = text.split("```").step_by(2);
    let code = prose.flat_map(|part| part.split('`').skip(1).step_by(2).map(ToOwned::to_owned));
    code.filter(|it| it.starts_with("comity ")).collect()
}

/// `comity policy check|test` is two: the words before the first that stands for something, each with its flags. What
/// asks for help itself is one, as it is.
fn each(named: &str) -> Vec<(Vec<String>, Vec<String>)> {
    if named.starts_with("comity help") {
        let words = named.split(' ').skip(1).map(ToOwned::to_owned);
        return vec![(words.collect(), Vec::new())];
    }
    let is_word = |it: &&str| {
        it.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'|'))
            && !it.starts_with('-')
    };
    let words: Vec<&str> = named.split(' ').skip(1).take_while(is_word).collect();
    let flags = named.split(' ').filter(|it| it.starts_with("--")).map(ToOwned::to_owned);
    let flags: Vec<String> = flags.collect();
    let (last, first) = words.split_last().unwrap();
    let one = |end| first.iter().chain([&end, &"--help"]).map(|it| (*it).to_owned()).collect();
    last.split('|').map(|end| (one(end), flags.clone())).collect()
}

#[test]
fn every_command_that_a_sentence_names_is_there_with_its_flags() {
    let mut found = 0;
    for file in files() {
        for named in named(&fs::read_to_string(&file).unwrap()) {
            for (words, flags) in each(&named) {
                let mut help = Command::new(env!("CARGO_BIN_EXE_comity"));
                let help = help.args(&words).output().unwrap();
                let text = String::from_utf8_lossy(&help.stdout);
                assert!(help.status.success(), "{}: `{named}`: {help:?}", file.display());
                for flag in flags {
                    assert!(text.contains(&flag), "{}: `{named}`: {flag}\n{text}", file.display());
                }
                found += 1;
            }
        }
    }
    assert!(found > 20, "only {found} were read");
}

#[test]
fn no_link_between_pages_is_dead() {
    let mut links = 0;
    for from in &files() {
        for link in links_of(&fs::read_to_string(from).unwrap()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link.as_str(), ""));
            let to = if file.is_empty() { from.clone() } else { from.parent().unwrap().join(file) };
            assert!(to.exists(), "{}: {link} leads nowhere", from.display());
            if !anchor.is_empty() {
                let anchors = anchors(&fs::read_to_string(&to).unwrap());
                assert!(anchors.contains(anchor), "{}: {link}: {anchors:?}", from.display());
            }
            links += 1;
        }
    }
    assert!(links >= 6, "{links} links are too few: the pages link to one another");
}

/// The targets of a page's links to files.
fn links_of(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let targets = targets.map(|(target, _)| target.to_owned());
    targets.filter(|target| !target.contains("://")).collect()
}

/// A heading as a link names it: small letters, `-` for each space, no other signs.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let named = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
    };
    headings.map(named).collect()
}

#[test]
fn commands_are_read_as_they_are_typed() {
    let text = "a\n```sh\none\ntwo \\\n    three   # exit 64\n```\n```text\nfour\n```\n";
    let expected = [
        Typed { line: "one".to_owned(), status: 0 },
        Typed { line: "two three".to_owned(), status: 64 },
    ];
    assert_eq!(commands(text), expected);
}

#[test]
fn settings_are_read_from_tables() {
    let found = settings("| `chain.REGION.kind` · `.id` | all |\n| `limits.burst` | `x` |\n");
    let expected = ["chain.REGION.id", "chain.REGION.kind", "limits.burst"];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(general("chain.CN-GD.source[1].operator"), "chain.REGION.source.operator");
}
