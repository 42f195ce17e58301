//! A disk in memory that can be unplugged, break, stall and be mended.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use tollgate_kv::{KeyValue, Redb, RedbOptions, StorageBackend};

/// Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Inside>);

#[derive(Debug, Default)]
struct Inside {
    platter: Mutex<Platter>,
    unstalled: Condvar,
}

#[derive(Debug, Default)]
struct Platter {
    /// What a read sees: the page cache, which survives kill -9.
    cached: Vec<u8>,
    /// What was there at the last sync: survives power loss.
    synced: Vec<u8>,
    /// What was changed since, in order. Of these, power loss leaves any.
    unsynced: Vec<Change>,
    fault: Fault,
    stalled: bool,
    /// A sync waits for the stall to end.
    is_waiting: bool,
    syncs: u32,
}

#[derive(Debug, Clone)]
enum Change {
    Length(usize),
    Write(usize, Vec<u8>),
}

impl Change {
    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Self::Length(length) => image.resize(*length, 0),
            Self::Write(offset, bytes) => {
                let end = offset + bytes.len();
                if image.len() < end {
                    image.resize(end, 0);
                }
                image[*offset..end].copy_from_slice(bytes);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    /// After so many more changes and syncs, each further one fails.
    After(u32),
    /// The next change or sync fails, then the disk works again.
    Once,
    /// The next change panics.
    Panic,
    /// The disk is not to be found when it is opened, and each change fails.
    Gone,
}

impl Disk {
    /// A disk that holds what another one left behind.
    pub(crate) fn with(image: Vec<u8>) -> Self {
        let disk = Self::default();
        disk.platter().cached.clone_from(&image);
        disk.platter().synced = image;
        disk
    }

    /// Opens the store on this disk.
    pub(crate) fn open(&self, options: impl Into<RedbOptions>) -> Redb {
        let disk = self.clone();
        let backend = move || match disk.platter().fault {
            Fault::Gone => Err(io::Error::new(io::ErrorKind::NotFound, "the disk is gone")),
            _ => Ok(disk.clone()),
        };
        Redb::open_with(backend, options).unwrap()
    }

    pub(crate) fn break_by(&self, fault: Fault) {
        self.platter().fault = fault;
    }

    pub(crate) fn mend(&self) {
        self.break_by(Fault::None);
    }

    /// From now on a sync does not end, until what this answers is dropped.
    #[must_use]
    pub(crate) fn stall(&self) -> Stall {
        self.platter().stalled = true;
        Stall(self.clone())
    }

    /// A sync has begun and does not end.
    pub(crate) fn is_stalled(&self) -> bool {
        self.platter().is_waiting
    }

    /// How many syncs there were.
    pub(crate) fn syncs(&self) -> u32 {
        self.platter().syncs
    }

    /// What kill -9 leaves at this moment.
    pub(crate) fn after_kill(&self) -> Vec<u8> {
        self.platter().cached.clone()
    }

    /// What power loss leaves at this moment, if the disk had written only those changes since the last
    /// sync that `chosen` picks.
    pub(crate) fn after_power_loss(&self, mut chosen: impl FnMut() -> bool) -> Vec<u8> {
        let platter = self.platter();
        let mut image = platter.synced.clone();
        for change in platter.unsynced.iter().filter(|_| chosen()) {
            change.apply(&mut image);
        }
        image
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.platter.lock().unwrap()
    }

    fn change(&self, change: Change) -> io::Result<()> {
        let fault = self.platter().fault;
        assert!(fault != Fault::Panic, "this disk was told to panic");
        let mut platter = self.platter();
        let broken = platter.wear();
        let change = match (change, &broken) {
            // What fails may have been written in part.
            (Change::Write(offset, mut bytes), Err(_)) => {
                bytes.truncate(bytes.len() / 2);
                Change::Write(offset, bytes)
            }
            (Change::Length(_), Err(_)) => return broken,
            (change, Ok(())) => change,
        };
        change.apply(&mut platter.cached);
        platter.unsynced.push(change);
        broken
    }
}

/// Holds up each sync while it lives, so that a test that fails still ends.
pub(crate) struct Stall(Disk);

impl Drop for Stall {
    fn drop(&mut self) {
        self.0.platter().stalled = false;
        self.0.0.unstalled.notify_all();
    }
}

impl Platter {
    fn wear(&mut self) -> io::Result<()> {
        match &mut self.fault {
            Fault::None | Fault::Panic => Ok(()),
            Fault::Once => {
                self.fault = Fault::None;
                Err(io::Error::other("the disk failed once"))
            }
            Fault::Gone | Fault::After(0) => Err(io::Error::other("the disk is broken")),
            Fault::After(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.platter().cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = offset as usize;
        let platter = self.platter();
        let bytes = platter.cached.get(offset..offset + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.change(Change::Length(length as usize))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platter = self.platter();
        while platter.stalled {
            platter.is_waiting = true;
            platter = self.0.unstalled.wait(platter).unwrap();
        }
        platter.is_waiting = false;
        platter.wear()?;
        platter.synced = platter.cached.clone();
        platter.unsynced.clear();
        platter.syncs += 1;
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Change::Write(offset as usize, data.to_vec()))
    }
}

/// Everything that a store holds.
pub(crate) async fn contents(values: &dyn KeyValue) -> BTreeMap<String, Vec<u8>> {
    let mut contents = BTreeMap::new();
    let mut cursor = None;
    loop {
        let page = values.list(cursor.as_deref()).await.unwrap();
        for key in page.keys {
            let value = values.get(&key).await.unwrap().expect("it was listed");
            contents.insert(key, value);
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return contents;
        }
    }
}
