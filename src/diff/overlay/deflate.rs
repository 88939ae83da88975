//! Bytes in, a zlib stream out, in the time that it takes to look at them. Made for the filtered rows of pages, which
//! are zeroes for the most part: runs of zeroes are the only repetitions that it looks for, and one code serves every
//! picture, because counting the bytes first would take longer than writing them.
//!
//! Source: RFC 1950 and RFC 1951.

/// Both bytes of the stream's head: deflate with a window of 32 KiB, the fastest level.
const HEAD: [u8; 2] = [0x78, 0x01];
/// Literals, the end of the block, and lengths of repetitions.
const SYMBOLS: usize = 286;
const END_OF_BLOCK: usize = 256;
/// Stands for the longest repetition.
const LONGEST: usize = 285;
const LONGEST_BYTES: usize = 258;
/// A shorter one takes more bits than its zeroes.
const MIN_REPEATED: usize = 6;
/// The modulus of the checksum.
const ADLER_PRIME: u32 = 65_521;

/// How many bits a symbol takes. Zeroes and the longest run of them are most of what is written; the other bytes are
/// differences to a neighbour, the larger the rarer. The lengths leave no code unused.
const fn bits_of(symbol: usize) -> u32 {
    match symbol {
        0 => 2,
        LONGEST => 4,
        1..=2 | 254..=255 => 5,
        3..=6 | 250..=253 => 6,
        7..=14 | 242..=249 => 7,
        15..=30 | 226..=241 => 8,
        31..=110 | 146..=225 => 10,
        _ => MOST_BITS,
    }
}
const MOST_BITS: u32 = 11;

/// Some bits, the first one lowest.
#[derive(Clone, Copy)]
struct Bits {
    bits: u64,
    count: u32,
}

impl Bits {
    const fn new(bits: u64, count: u32) -> Self {
        Self { bits, count }
    }

    /// A code, which is written from its highest bit.
    const fn of_code(code: u32, count: u32) -> Self {
        Self::new((code.reverse_bits() >> (32 - count)) as u64, count)
    }

    fn then(self, next: Self) -> Self {
        Self::new(self.bits | next.bits << self.count, self.count + next.count)
    }
}

/// The code of each symbol: codes of one length follow each other, longer ones begin behind the shorter ones.
const CODES: [Bits; SYMBOLS] = {
    let mut codes = [Bits::new(0, 0); SYMBOLS];
    let [mut code, mut count] = [0, 1];
    while count <= MOST_BITS {
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if bits_of(symbol) == count {
                codes[symbol] = Bits::of_code(code, count);
                code += 1;
            }
            symbol += 1;
        }
        code <<= 1;
        count += 1;
    }
    codes
};

/// The only distance: a byte is the one before it again.
const DISTANCE: Bits = Bits::new(0, 1);

/// A zlib stream as far as it is written.
pub(super) struct Deflate {
    bytes: Vec<u8>,
    /// Fewer than 64, not yet among the bytes.
    pending: Bits,
    checksum: Adler,
}

impl Deflate {
    /// Begins the stream and its only block.
    pub(super) fn new() -> Self {
        let mut deflate = Self {
            bytes: HEAD.to_vec(),
            pending: Bits::new(0, 0),
            checksum: Adler { a: 1, b: 0 },
        };
        deflate.describe_code();
        deflate
    }

    /// The lengths of all codes, each as four bits: the code for lengths gives each of 0 to 15 that many.
    fn describe_code(&mut self) {
        const LAST_BLOCK: Bits = Bits::new(1, 1);
        const OWN_CODE: Bits = Bits::new(2, 2);
        const SYMBOLS_FROM_257: Bits = Bits::new(SYMBOLS as u64 - 257, 5);
        const DISTANCES_FROM_1: Bits = Bits::new(0, 5);
        const LENGTHS_FROM_4: Bits = Bits::new(19 - 4, 4);
        for bits in [
            LAST_BLOCK,
            OWN_CODE,
            SYMBOLS_FROM_257,
            DISTANCES_FROM_1,
            LENGTHS_FROM_4,
        ] {
            self.put(bits);
        }
        // First the three that stand for repeated lengths, then 0 to 15 in an order of their own.
        for bits in [0; 3].into_iter().chain([4; 16]) {
            self.put(Bits::new(bits, 3));
        }
        for length in (0..SYMBOLS).map(bits_of).chain([DISTANCE.count]) {
            self.put(Bits::of_code(length, 4));
        }
    }

    #[inline]
    fn put(&mut self, next: Bits) {
        let room = 64 - self.pending.count;
        self.pending.bits |= next.bits << self.pending.count;
        if next.count < room {
            self.pending.count += next.count;
        } else {
            self.bytes.extend(self.pending.bits.to_le_bytes());
            self.pending = Bits::new(next.bits.checked_shr(room).unwrap_or(0), next.count - room);
        }
    }

    /// Adds at most five bytes as they are.
    #[inline]
    pub(super) fn literals<const N: usize>(&mut self, bytes: [u8; N]) {
        let mut bits = Bits::new(0, 0);
        for byte in bytes {
            bits = bits.then(CODES[usize::from(byte)]);
            self.checksum.add(byte);
        }
        self.checksum.reduce();
        self.put(bits);
    }

    /// Adds `count` zeroes.
    pub(super) fn zeroes(&mut self, count: usize) {
        self.checksum.add_zeroes(count);
        let Some(mut repeated) = count.checked_sub(1) else {
            return;
        };
        // The first one is there to be repeated.
        self.put(CODES[0]);
        while repeated >= LONGEST_BYTES {
            self.put(CODES[LONGEST].then(DISTANCE));
            repeated -= LONGEST_BYTES;
        }
        if repeated >= MIN_REPEATED {
            self.put(repetition(repeated).then(DISTANCE));
        } else {
            (0..repeated).for_each(|_| self.put(CODES[0]));
        }
    }

    /// What is written so far, but for a few bits. Whoever has it elsewhere may clear it.
    pub(super) fn written(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The rest of the stream.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.put(CODES[END_OF_BLOCK]);
        let whole_bytes = self.pending.count.div_ceil(8) as usize;
        self.bytes
            .extend(&self.pending.bits.to_le_bytes()[..whole_bytes]);
        self.bytes.extend(self.checksum.value().to_be_bytes());
        self.bytes
    }
}

/// The length of a repetition, 3 to 257 bytes: a symbol for lengths that share their highest three bits, and their
/// other bits.
fn repetition(bytes: usize) -> Bits {
    let beyond = bytes - 3;
    let others = beyond.checked_ilog2().unwrap_or(0).saturating_sub(2);
    let symbol = 257 + 4 * others as usize + (beyond >> others);
    let low = beyond & ((1 << others) - 1);
    CODES[symbol].then(Bits::new(low as u64, others))
}

/// The Adler-32 checksum: the sum of all bytes, and the sum of these sums.
struct Adler {
    /// Below the prime after [`Self::reduce`].
    a: u32,
    /// Below the prime after [`Self::value`]; cannot overflow within 200 TiB.
    b: u64,
}

impl Adler {
    #[inline]
    fn add(&mut self, byte: u8) {
        self.a += u32::from(byte);
        self.b += u64::from(self.a);
    }

    /// To be called at least once in so many bytes that their sum is below the prime.
    #[inline]
    fn reduce(&mut self) {
        if self.a >= ADLER_PRIME {
            self.a -= ADLER_PRIME;
        }
    }

    fn add_zeroes(&mut self, count: usize) {
        self.b += u64::from(self.a) * count as u64;
    }

    fn value(&self) -> u32 {
        (self.b % u64::from(ADLER_PRIME)) as u32 * 0x1_0000 + self.a
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// What an inflater, which compares the checksum, makes of a stream.
    fn inflated(deflate: Deflate) -> Vec<u8> {
        let mut bytes = Vec::new();
        let stream = deflate.finish();
        flate2::read::ZlibDecoder::new(&stream[..])
            .read_to_end(&mut bytes)
            .expect("a zlib stream");
        bytes
    }

    #[test]
    fn the_code_is_complete() {
        let parts: u32 = (0..SYMBOLS)
            .map(|symbol| 1 << (MOST_BITS - bits_of(symbol)))
            .sum();
        assert_eq!(parts, 1 << MOST_BITS);
    }

    #[test]
    fn runs_of_every_length_come_back() {
        let mut deflate = Deflate::new();
        let mut expected = Vec::new();
        for count in (0..=800).chain([100_000]) {
            deflate.zeroes(count);
            deflate.literals([(count % 251) as u8 + 1]);
            expected.resize(expected.len() + count, 0);
            expected.push((count % 251) as u8 + 1);
        }
        assert_eq!(inflated(deflate), expected);
    }

    #[test]
    fn every_byte_comes_back() {
        let mut deflate = Deflate::new();
        let mut expected = Vec::new();
        for round in 0..2_000_u32 {
            let bytes = [0, 1, 2, 3, 4].map(|place| (255 - round * (place + 1) % 256) as u8);
            deflate.literals(bytes);
            deflate.literals([bytes[0]; 3]);
            expected.extend(bytes);
            expected.extend([bytes[0]; 3]);
        }
        assert_eq!(inflated(deflate), expected);
        assert!(inflated(Deflate::new()).is_empty());
    }
}
