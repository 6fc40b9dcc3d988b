//! Passwords: argon2id, on a few threads of its own that give way to those that serve requests.

use std::{
    cell::RefCell,
    io,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        self, CustomizedPasswordHasher, PasswordVerifier,
        phc::{Output, ParamsString, PasswordHash, Salt},
        try_generate_salt,
    },
};
use tokio::sync::{Semaphore, oneshot};

/// Characters at the least.
pub(super) const MIN_LENGTH: usize = 12;

/// Bytes at the most: nobody types more, and a hash reads them all.
const MAX_BYTES: usize = 1024;

/// 19 MiB, two passes, one lane: OWASP's first choice for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes that may wait for each one that runs, before new ones are refused: about a second.
const WAITING_PER_CORE: usize = 32;

/// How much the hashing threads give way (`nice`): a hash takes a core for tens of milliseconds, which nobody who
/// only reads should wait for.
const NICENESS: i32 = 10;

/// A digest that no password fits, with our parameters: checking an unknown account's password against it
/// takes as long as checking a known one's.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A new password that may be used.
pub(super) struct NewPassword(String);

/// Why a password may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer characters than [`MIN_LENGTH`].
    #[error("a password needs {MIN_LENGTH} characters or more")]
    TooShort,
    /// More bytes than are read.
    #[error("a password may have {MAX_BYTES} bytes at the most")]
    TooLong,
}

/// Why a password could not be hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many hashes wait already.
    #[error("more passwords wait to be hashed than can be taken on")]
    Overloaded,
    /// A digest that does not parse, or no random salt.
    #[error("argon2: {0}")]
    Argon2(password_hash::Error),
    /// The thread died.
    #[error("the hashing thread failed")]
    Thread,
    /// No thread could be started.
    #[error("cannot start a hashing thread")]
    Start(#[source] io::Error),
}

impl NewPassword {
    /// Takes a password that is long enough, as it is: spaces count.
    pub(super) fn parse(text: String) -> Result<Self, WeakPassword> {
        if text.len() > MAX_BYTES {
            Err(WeakPassword::TooLong)
        } else if text.chars().count() < MIN_LENGTH {
            Err(WeakPassword::TooShort)
        } else {
            Ok(Self(text))
        }
    }
}

type Job = Box<dyn FnOnce(&Hasher) + Send>;

/// Hashes and checks passwords, as many at a time as there are cores. Cheap to clone; the threads end with the last
/// clone.
#[derive(Clone)]
pub(super) struct Passwords {
    jobs: mpsc::Sender<Job>,
    admitted: Arc<Semaphore>,
}

impl Passwords {
    /// With the parameters above.
    pub(super) fn new() -> Result<Self, HashError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
            .map_err(|error| HashError::Argon2(error.into()))?;
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..cores {
            let (queue, params) = (Arc::clone(&queue), params.clone());
            thread::Builder::new()
                .name("argon2".to_owned())
                .spawn(move || work(&queue, &Hasher { params, memory: RefCell::default() }))
                .map_err(HashError::Start)?;
        }
        Ok(Self { jobs, admitted: Arc::new(Semaphore::new(cores * (1 + WAITING_PER_CORE))) })
    }

    /// The digest to store, in PHC form.
    pub(super) async fn hash(&self, password: NewPassword) -> Result<String, HashError> {
        self.run(move |hasher| Ok(hasher.hash(password.0.as_bytes())?.to_string())).await
    }

    /// Whether `password` made `digest`; without a digest it takes as long and is never so.
    pub(super) async fn verify(
        &self,
        password: String,
        digest: Option<String>,
    ) -> Result<bool, HashError> {
        self.run(move |hasher| {
            let digest = digest.as_deref().unwrap_or(DECOY);
            match hasher.verify_password(password.as_bytes(), &PasswordHash::new(digest)?) {
                Ok(()) => Ok(true),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hasher) -> Result<T, password_hash::Error> + Send + 'static,
    ) -> Result<T, HashError> {
        let admitted =
            Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| HashError::Overloaded)?;
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |hasher: &Hasher| {
            // Whoever left while waiting costs nothing more.
            if !answer.is_closed() {
                let _ = answer.send(work(hasher));
            }
            drop(admitted);
        });
        self.jobs.send(job).map_err(|_| HashError::Thread)?;
        answered.await.map_err(|_| HashError::Thread)?.map_err(HashError::Argon2)
    }
}

/// Argon2 over memory that is kept from one hash to the next. Memory that is given back and asked for again costs a
/// fault for each of its pages, and an allocator scatters it over more than it ever holds at once.
struct Hasher {
    params: Params,
    memory: RefCell<Vec<Block>>,
}

impl Hasher {
    fn hash(&self, password: &[u8]) -> Result<PasswordHash, password_hash::Error> {
        self.hash_password_with_params(password, &try_generate_salt()?, self.params.clone())
    }
}

/// What [`PasswordVerifier`] asks for.
impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash, password_hash::Error> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let argon2 = Argon2::new(algorithm, version, params);
        let params = argon2.params();
        let mut memory = self.memory.borrow_mut();
        // A digest of other parameters may need more than the one before.
        if memory.len() < params.block_count() {
            memory.resize(params.block_count(), Block::new());
        }
        let mut buffer = [0; Output::MAX_LENGTH];
        let output = buffer
            .get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))
            .ok_or(password_hash::Error::OutputSize)?;
        argon2.hash_password_into_with_memory(password, salt, output, memory.as_mut_slice())?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        })
    }
}

/// Does one job after the other until there can be no more.
fn work(queue: &Mutex<mpsc::Receiver<Job>>, hasher: &Hasher) {
    // On Linux this concerns the calling thread alone. It is a courtesy: without it everything works, less smoothly.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the hashing threads run with the usual priority");
    }
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        job(hasher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_have_twelve_characters_or_more() {
        for (text, expected) in [
            (String::new(), Some(WeakPassword::TooShort)),
            ("11character".to_owned(), Some(WeakPassword::TooShort)),
            ("ääääääääää".to_owned(), Some(WeakPassword::TooShort)),
            ("12 character".to_owned(), None),
            ("ä".repeat(12), None),
            ("x".repeat(1024), None),
            ("x".repeat(1025), Some(WeakPassword::TooLong)),
        ] {
            assert_eq!(NewPassword::parse(text.clone()).err(), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn a_digest_fits_its_own_password_alone() {
        let passwords = Passwords::new().unwrap();
        let new = NewPassword::parse("correct horse battery".to_owned()).unwrap();
        let digest = passwords.hash(new).await.unwrap();
        assert!(digest.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{digest}");
        let verify = async |password: &str, digest: Option<&str>| {
            passwords.verify(password.to_owned(), digest.map(str::to_owned)).await.unwrap()
        };
        assert!(verify("correct horse battery", Some(&digest)).await);
        assert!(!verify("correct horse batterY", Some(&digest)).await);
        assert!(!verify("correct horse battery", None).await);
    }

    #[test]
    fn the_decoy_costs_what_a_digest_costs() {
        let decoy = PasswordHash::new(DECOY).unwrap();
        assert_eq!(decoy.algorithm.as_str(), "argon2id");
        let params = Params::try_from(&decoy).unwrap();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, PASSES, LANES)
        );
    }

    #[tokio::test]
    async fn a_full_queue_refuses_instead_of_waiting() {
        let passwords = Passwords::new().unwrap();
        let everything = passwords.admitted.available_permits();
        let _taken =
            passwords.admitted.try_acquire_many(u32::try_from(everything).unwrap()).unwrap();
        let refused = passwords.verify("correct horse battery".to_owned(), None).await;
        assert!(matches!(refused, Err(HashError::Overloaded)));
    }
}
