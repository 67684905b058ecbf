use super::*;

fn volume(folder: &Path, mode: u32) -> Volume {
    Volume::open(folder, mode, true).unwrap()
}

fn files(of: &[(&str, &str)]) -> Files {
    of.iter().map(|(name, value)| (FileName::parse(name).unwrap(), Secret::from((*value).to_owned()))).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

#[test]
fn files_are_links_into_a_folder_that_is_replaced_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut volume = volume(folder.path(), 0o400);
    let first = files(&[("a", "1"), ("b", "2")]);
    volume.write(&first, NOW).unwrap();
    assert!(volume.holds(&first) && volume.is_written());
    assert_eq!(fs::read_link(folder.path().join("a")).unwrap(), Path::new("..data/a"));
    let data = fs::read_link(folder.path().join(DATA)).unwrap();
    assert!(data.to_str().unwrap().starts_with("..2027_01_15_08_00_00."), "{data:?}");
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("a"), mode(DATA)), (0o400, 0o700));
    volume.write(&files(&[("b", "3"), ("c", "")]), NOW).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("b")).unwrap(), "3");
    assert_eq!(names(folder.path()).iter().filter(|name| !name.starts_with("..2")).collect::<Vec<_>>(), ["..data", "b", "c"]);
    volume.end_lookups(Instant::now() + LOOKUP_MAX).unwrap();
    assert_eq!(names(folder.path()).len(), 4, "one folder alone is left");
    assert!(!volume.holds(&first) && volume.holds(&files(&[("b", "3"), ("c", "")])));
    volume.wipe().unwrap();
    assert!(names(folder.path()).is_empty() && !volume.is_written());
    volume.wipe().unwrap();
}

#[test]
fn the_group_may_search_the_folder_of_files_that_it_may_read() {
    let folder = tempfile::tempdir().unwrap();
    volume(folder.path(), 0o440).write(&files(&[("a", "1")]), NOW).unwrap();
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("a"), mode(DATA)), (0o440, 0o750));
}

#[test]
fn leftovers_of_a_killed_sidecar_are_removed_and_other_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut volume = volume(folder.path(), 0o400);
    volume.write(&files(&[("a", "1")]), NOW).unwrap();
    fs::create_dir(folder.path().join("..2020_01_01_00_00_00.x")).unwrap();
    put(&folder.path().join("..2020_01_01_00_00_00.x/half"), "ha");
    put(&folder.path().join("..note.x"), "{");
    symlink("..2020_01_01_00_00_00.x", folder.path().join(DATA_NEXT)).unwrap();
    put(&folder.path().join("theirs"), "x");
    symlink("/etc/hostname", folder.path().join("link")).unwrap();
    volume.write(&files(&[("a", "2")]), NOW).unwrap();
    let left = names(folder.path());
    assert_eq!(left.iter().filter(|name| !name.starts_with("..2")).collect::<Vec<_>>(), ["..data", "a", "link", "theirs"]);
    for name in ["theirs", "link"] {
        let fault = volume.write(&files(&[("a", "3"), (name, "x")]), NOW).unwrap_err();
        assert!(fault.to_string().contains("not the sidecar's"), "{fault}");
    }
    assert!(volume.holds(&files(&[("a", "2")])), "and nothing else was touched");
}

fn put(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

#[test]
fn a_link_that_leads_out_is_not_followed_when_folders_are_removed() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(&outside.path().join("precious"), "x");
    symlink(outside.path(), folder.path().join("..2020_planted")).unwrap();
    volume(folder.path(), 0o400).write(&files(&[("a", "1")]), NOW).unwrap();
    assert!(outside.path().join("precious").exists() && !folder.path().join("..2020_planted").exists());
}

#[test]
fn a_disk_and_a_second_sidecar_are_refused() {
    let disk = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    let failure = Volume::open(disk.path(), 0o400, false).err().unwrap();
    assert!(failure.status == STATUS_CONFIGURATION && failure.message.contains("not in memory"), "{}", failure.message);
    let _first = volume(disk.path(), 0o400);
    assert!(Volume::open(disk.path(), 0o400, true).err().unwrap().message.contains("another sidecar"));
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    assert!(Volume::open(memory.path(), 0o400, false).is_ok());
}

#[test]
fn a_running_lookup_finds_the_old_file_which_is_removed_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut volume = volume(folder.path(), 0o400);
    volume.write(&files(&[("a", "1")]), NOW).unwrap();
    // As the kernel goes: by the link of the file, then by `..data`, and in the folder to which that led.
    let on_its_way = folder.path().join(fs::read_link(folder.path().join(DATA)).unwrap()).join("a");
    for now in ["2", "3"] {
        volume.write(&files(&[("a", now)]), NOW).unwrap();
        assert_eq!(fs::read_to_string(&on_its_way).unwrap(), "1");
    }
    volume.end_lookups(Instant::now() + LOOKUP_MAX).unwrap();
    assert!(!on_its_way.exists() && !volume.has_replaced() && names(folder.path()).len() == 3);
    assert!(volume.holds(&files(&[("a", "3")])));
    volume.write(&files(&[("a", "4")]), NOW).unwrap();
    volume.wipe().unwrap();
    assert!(names(folder.path()).is_empty(), "removed files are gone at once");
}

#[test]
fn a_reader_never_sees_half_a_file_nor_none() {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut volume = volume(folder.path(), 0o400);
    let long = |letter: &str| files(&[("a", &letter.repeat(100_000))]);
    volume.write(&long("a"), NOW).unwrap();
    let path = folder.path().join("a");
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let bytes = fs::read(&path).unwrap();
                assert!(bytes.len() == 100_000 && bytes.iter().all(|byte| *byte == bytes[0]));
                reads += 1;
            }
            reads
        });
        for letter in ["b", "c"].iter().cycle().take(200) {
            volume.write(&long(letter), NOW).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(reader.join().unwrap() > 10);
    });
}
