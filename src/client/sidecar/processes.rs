//! The processes of this pod, if they share a namespace (`shareProcessNamespace`): proc(5).

use rustix::process::Pid;
use std::path::Path;

/// The kernel keeps 15 bytes of a process's name, which the process may also choose itself.
const COMM_BYTES_MAX: usize = 15;

struct Process {
    id: i32,
    parent: i32,
    name: String,
}

/// The processes that run this executable, without children of theirs that run it too: a server's main process informs its workers.
pub(super) fn running(executable: &str) -> Vec<Pid> {
    let found: Vec<Process> = all().into_iter().filter(|process| process.name == executable).collect();
    let among = |id: i32| found.iter().any(|process| process.id == id);
    found.iter().filter(|process| !among(process.parent)).filter_map(|process| Pid::from_raw(process.id)).collect()
}

fn all() -> Vec<Process> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| *id != own).filter_map(look).collect()
}

fn look(id: i32) -> Option<Process> {
    let folder = Path::new("/proc").join(id.to_string());
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    let (comm, state, parent) = parse_stat(&stat)?;
    if state == "Z" {
        return None;
    }
    // The executable of another user's process cannot be read, but its first argument and its name can.
    let executable = std::fs::read_link(folder.join("exe")).ok();
    let named = executable.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()).map(str::to_owned);
    let name = named.or_else(|| called(&folder, comm)).unwrap_or_else(|| comm.to_owned());
    Some(Process { id, parent, name: name.trim_end_matches(" (deleted)").to_owned() })
}

/// The first argument's file name, if the kernel's short name is its beginning.
fn called(folder: &Path, comm: &str) -> Option<String> {
    let line = std::fs::read(folder.join("cmdline")).ok()?;
    let first = std::str::from_utf8(line.split(|byte| *byte == 0).next()?).ok()?;
    let name = Path::new(first).file_name()?.to_str()?;
    let short = name.get(..COMM_BYTES_MAX).unwrap_or(name);
    (short == comm).then(|| name.to_owned())
}

/// Name, state and parent. The name may contain anything, so the fields are read after the last bracket.
fn parse_stat(stat: &str) -> Option<(&str, &str, i32)> {
    let (before, after) = (stat.find('(')?, stat.rfind(')')?);
    let comm = stat.get(before + 1..after)?;
    let mut rest = stat.get(after + 1..)?.split_ascii_whitespace();
    Some((comm, rest.next()?, rest.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_is_read_whole() {
        assert_eq!(parse_stat("7 (a) Z 1) S 3 7 7"), Some(("a) Z 1", "S", 3)));
        assert_eq!(parse_stat("7"), None);
    }

    #[test]
    fn a_process_is_found_by_its_executable_without_its_children() {
        let folder = tempfile::tempdir().unwrap();
        // Another run of the tests may have such a process too.
        let name = format!("daypass-test-shell-{}", std::process::id());
        let program = folder.path().join(&name);
        // By a child: a copy that is open for writing here is inherited by whatever another test starts meanwhile, and busy.
        assert!(std::process::Command::new("cp").arg("/bin/sh").arg(&program).status().unwrap().success());
        let script = format!("{} -c 'sleep 30; :' & echo ready; wait", program.display());
        let mut shell =
            std::process::Command::new(&program).args(["-c", &script]).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(shell.stdout.as_mut().unwrap()), &mut line).unwrap();
        let found = running(&name);
        let inner = all().into_iter().filter(|process| process.parent == shell.id() as i32).collect::<Vec<_>>();
        let below = all().into_iter().filter(|process| inner.iter().any(|shell| shell.id == process.parent)).collect::<Vec<_>>();
        for process in inner.iter().chain(&below) {
            let _ = rustix::process::kill_process(Pid::from_raw(process.id).unwrap(), rustix::process::Signal::KILL);
        }
        let _ = shell.kill();
        let _ = shell.wait();
        assert_eq!(found, [Pid::from_raw(shell.id() as i32).unwrap()]);
        assert!(running(&format!("{name}-of-nobody")).is_empty());
    }
}
