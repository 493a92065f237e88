//! Quotes of a TPM: a machine's signature over a nonce and the state of its platform.
//!
//! Specified in `specs/hardware.md`, section "Quotes". Sections are those of the TPM 2.0
//! Library, Part 2: Structures. The file is what `TPM2_Quote` answers (Part 3, 18.4): a
//! `TPM2B_ATTEST` and a `TPMT_SIGNATURE`, big-endian, no byte more or less.
//!
//! The key must be one that signs nothing but what its TPM made itself (a restricted one):
//! whoever supplies it vouches for that.

use crate::hash::Hash;
use crate::verify::hardware::key::HardwareKey;
use crate::verify::hardware::key::Scheme;

/// `TPM_GENERATED_VALUE` (6.2): what no outsider can have a restricted key sign.
const MAGIC: u32 = 0xff54_4347;

/// `TPM_ST_ATTEST_QUOTE` (6.9).
const ATTEST_QUOTE: u16 = 0x8018;

/// `TPM_ALG_RSASSA`, `TPM_ALG_RSAPSS`, `TPM_ALG_ECDSA`, `TPM_ALG_SHA256` (6.3).
const RSASSA: u16 = 0x0014;
const RSAPSS: u16 = 0x0016;
const ECDSA: u16 = 0x0018;
const SHA256: u16 = 0x000b;

/// The largest `TPMT_HA` (10.3.2), a `TPM_ALG_ID` and a digest of 64 bytes: the longest
/// name (10.5.3) and the longest `TPM2B_DATA` (10.4.3).
const MAX_HA: usize = 66;

/// The longest digest (10.4.2): SHA-512's.
const MAX_DIGEST: usize = 64;

/// The longest `TPMS_ATTEST`, by the bounds here.
const MAX_ATTEST: usize = 1024;

/// The most banks of a selection (10.9.7, `HASH_COUNT`; the reference code has 16).
const MAX_BANKS: u32 = 16;

/// The most bytes of a bank's selection (10.6.1, `PCR_SELECT_MAX`): 32 registers.
const MAX_SELECT: u8 = 4;

/// The longest RSA signature (11.2.4): 4096 bits.
const MAX_RSA: usize = 512;

/// The bytes of a coordinate of P-256 (11.2.5).
const COORDINATE: usize = 32;

/// A quote whose signature is valid. Had only from [`Quote::open`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    machine: Hash,
    extra: Vec<u8>,
    selection: Vec<Bank>,
    digest: Vec<u8>,
    clock: Clock,
}

/// The registers of one bank that were quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bank {
    /// The bank's algorithm (6.3).
    pub algorithm: u16,
    /// Which, one bit a register, the lowest first.
    pub registers: Vec<u8>,
}

/// `TPMS_CLOCK_INFO` (10.11.1): not a time of day, but it never goes back between resets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Milliseconds that the TPM has run.
    pub milliseconds: u64,
    /// How often it was reset.
    pub resets: u32,
    /// How often it was restarted or resumed since.
    pub restarts: u32,
    /// Whether no greater clock was ever reported before.
    pub safe: bool,
}

impl Quote {
    /// Opens what `TPM2_Quote` answered, with the first key that signed it.
    pub fn open(bytes: &[u8], keys: &[HardwareKey]) -> Result<Self, QuoteError> {
        let mut reader = Reader(bytes);
        let attest = reader.sized("attestation", MAX_ATTEST)?;
        let (scheme, signature) = read_signature(&mut reader)?;
        reader.finish()?;
        let mut signers = keys.iter();
        let signer = signers.find(|key| key.verifies_quote(scheme, attest, &signature));
        let signer = signer.ok_or(QuoteError::Signature)?;
        read_attest(attest, signer.id())
    }

    /// Returns the machine: the SHA-256 of the public key that signed.
    pub const fn machine(&self) -> Hash {
        self.machine
    }

    /// Returns what the machine was asked to sign, `extraData`.
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }

    /// Returns which registers were quoted.
    pub fn selection(&self) -> &[Bank] {
        &self.selection
    }

    /// Returns the digest of these registers.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// Returns the TPM's clock.
    pub const fn clock(&self) -> Clock {
        self.clock
    }
}

/// Returns what a file claims that a machine was asked to sign: for whoever is about to
/// publish it, and holds no key. It shows nothing.
pub fn claimed_extra(bytes: &[u8]) -> Result<Vec<u8>, QuoteError> {
    let mut reader = Reader(bytes);
    let attest = reader.sized("attestation", MAX_ATTEST)?;
    read_signature(&mut reader)?;
    reader.finish()?;
    let nobody = Hash::from_bytes([0; 32]);
    read_attest(attest, nobody).map(|quote| quote.extra)
}

/// Reads a `TPMS_ATTEST` (10.12.12).
fn read_attest(bytes: &[u8], machine: Hash) -> Result<Quote, QuoteError> {
    let mut reader = Reader(bytes);
    if u32::from_be_bytes(reader.array("magic")?) != MAGIC {
        return Err(QuoteError::Magic);
    }
    if u16::from_be_bytes(reader.array("type")?) != ATTEST_QUOTE {
        return Err(QuoteError::Kind);
    }
    reader.sized("qualifiedSigner", MAX_HA)?;
    let extra = reader.sized("extraData", MAX_HA)?.to_vec();
    let clock = Clock {
        milliseconds: u64::from_be_bytes(reader.array("clock")?),
        resets: u32::from_be_bytes(reader.array("resetCount")?),
        restarts: u32::from_be_bytes(reader.array("restartCount")?),
        // `TPMI_YES_NO` (9.2).
        safe: match reader.array("safe")? {
            [0] => false,
            [1] => true,
            _ => return Err(QuoteError::Field("safe")),
        },
    };
    let _: [u8; 8] = reader.array("firmwareVersion")?;
    let selection = read_selection(&mut reader)?;
    let digest = reader.sized("pcrDigest", MAX_DIGEST)?.to_vec();
    reader.finish()?;
    Ok(Quote {
        machine,
        extra,
        selection,
        digest,
        clock,
    })
}

/// Reads a `TPML_PCR_SELECTION` (10.9.7) of `TPMS_PCR_SELECTION` (10.6.2).
fn read_selection(reader: &mut Reader<'_>) -> Result<Vec<Bank>, QuoteError> {
    let count = u32::from_be_bytes(reader.array("pcrSelect")?);
    if count > MAX_BANKS {
        return Err(QuoteError::Field("pcrSelect"));
    }
    let mut banks = Vec::new();
    for _ in 0..count {
        let algorithm = u16::from_be_bytes(reader.array("pcrSelect")?);
        let [size] = reader.array("pcrSelect")?;
        if size > MAX_SELECT {
            return Err(QuoteError::Field("pcrSelect"));
        }
        banks.push(Bank {
            algorithm,
            registers: reader.take("pcrSelect", usize::from(size))?.to_vec(),
        });
    }
    Ok(banks)
}

/// Reads a `TPMT_SIGNATURE` (11.3.4): a `TPMS_SIGNATURE_RSA` (11.3.1) or a
/// `TPMS_SIGNATURE_ECC` (11.3.2), with SHA-256.
fn read_signature(reader: &mut Reader<'_>) -> Result<(Scheme, Vec<u8>), QuoteError> {
    let scheme = match u16::from_be_bytes(reader.array("sigAlg")?) {
        ECDSA => Scheme::Ecdsa,
        RSAPSS => Scheme::RsaPss,
        RSASSA => Scheme::RsaSsa,
        other => return Err(QuoteError::Scheme(other)),
    };
    match u16::from_be_bytes(reader.array("hash")?) {
        SHA256 => {}
        other => return Err(QuoteError::Scheme(other)),
    }
    let signature = match scheme {
        Scheme::Ecdsa => {
            let r = reader.sized("signatureR", COORDINATE)?;
            let s = reader.sized("signatureS", COORDINATE)?;
            [padded(r), padded(s)].concat()
        }
        Scheme::RsaPss | Scheme::RsaSsa => reader.sized("sig", MAX_RSA)?.to_vec(),
    };
    Ok((scheme, signature))
}

/// Fills up a number from the left: a TPM may leave out what is zero.
fn padded(number: &[u8]) -> [u8; COORDINATE] {
    let mut bytes = [0; COORDINATE];
    let places = bytes.iter_mut().rev();
    for (place, byte) in places.zip(number.iter().rev()) {
        *place = *byte;
    }
    bytes
}

/// Bytes still to be read.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, what: &'static str, count: usize) -> Result<&'b [u8], QuoteError> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(QuoteError::Short(what))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], QuoteError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(QuoteError::Short(what))?;
        self.0 = rest;
        Ok(*taken)
    }

    /// Takes a `TPM2B`: two bytes that say how many follow.
    fn sized(&mut self, what: &'static str, most: usize) -> Result<&'b [u8], QuoteError> {
        let size = usize::from(u16::from_be_bytes(self.array(what)?));
        if size > most {
            return Err(QuoteError::Field(what));
        }
        self.take(what, size)
    }

    fn finish(&self) -> Result<(), QuoteError> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(QuoteError::Surplus(self.0.len()))
    }
}

/// Joins what tools write into two files to what `TPM2_Quote` answers: a `TPMS_ATTEST`, and
/// a `TPMT_SIGNATURE`. `None` where the first is too long for any.
pub fn join(attest: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let size = u16::try_from(attest.len()).ok()?;
    Some([&size.to_be_bytes(), attest, signature].concat())
}

/// Why a file is no quote of a machine that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuoteError {
    /// A value that it cannot have.
    #[error("the quote's `{0}` is not what it can be")]
    Field(&'static str),
    /// Something else that a TPM attests.
    #[error("is an attestation, but no quote")]
    Kind,
    /// Not made by a TPM.
    #[error("does not begin with the magic number of what a TPM makes")]
    Magic,
    /// A scheme or a hash that is not read.
    #[error("is signed by the algorithm {0:#06x}, which is not read here")]
    Scheme(u16),
    /// It ends too early.
    #[error("ends within `{0}`")]
    Short(&'static str),
    /// No supplied key made the signature.
    #[error("is signed by none of the keys")]
    Signature,
    /// Bytes behind its end.
    #[error("has {0} bytes more than a quote")]
    Surplus(usize),
}
