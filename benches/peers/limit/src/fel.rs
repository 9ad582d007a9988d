//! Future-event lists. An entry is one u128: time key (64) | sequence (38) | payload (26).
//! The sequence number makes equal times first-in first-out, so a run has one order only.
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub const PBITS: u32 = 26;
pub const PMASK: u64 = (1 << PBITS) - 1;

pub trait Fel {
    fn new() -> Self;
    fn push(&mut self, t: u64, p: u32);
    fn pop(&mut self) -> Option<(u64, u32)>;
    /// time key of the earliest entry, u64::MAX when empty
    fn peek(&mut self) -> u64;
    fn len(&self) -> usize;
    /// take an entry out by its payload (only the indexed heap can)
    fn cancel(&mut self, _p: u32) {
        unreachable!()
    }
}

#[inline(always)]
fn pack(t: u64, seq: &mut u64, p: u32) -> u128 {
    *seq += 1;
    ((t as u128) << 64) | ((*seq << PBITS) | p as u64) as u128
}
#[inline(always)]
fn unpack(e: u128) -> (u64, u32) {
    ((e >> 64) as u64, (e as u64 & PMASK) as u32)
}

// ---- std::collections::BinaryHeap ------------------------------------------------
#[derive(Default)]
pub struct StdHeap {
    h: BinaryHeap<Reverse<u128>>,
    seq: u64,
}
impl Fel for StdHeap {
    fn new() -> Self {
        Self::default()
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn push(&mut self, t: u64, p: u32) {
        let e = pack(t, &mut self.seq, p);
        self.h.push(Reverse(e));
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn pop(&mut self) -> Option<(u64, u32)> {
        self.h.pop().map(|e| unpack(e.0))
    }
    #[inline(always)]
    fn peek(&mut self) -> u64 {
        self.h.peek().map_or(u64::MAX, |e| (e.0 >> 64) as u64)
    }
    fn len(&self) -> usize {
        self.h.len()
    }
}

// ---- D-ary implicit heap, children of one node share cache lines ----------------
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Line(#[allow(dead_code)] [u128; 4]);
pub struct HeapD<const D: usize> {
    v: Vec<Line>, // logical index i lives at slot i + D - 1, so that D children start at a multiple of D
    n: usize,
    seq: u64,
}
impl<const D: usize> HeapD<D> {
    #[inline(always)]
    fn base(&mut self) -> *mut u128 {
        unsafe { (self.v.as_mut_ptr() as *mut u128).add(D - 1) }
    }
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let l = self.v.len().max(8);
        self.v.resize(self.v.len() + l, Line([u128::MAX; 4]));
    }
}
impl<const D: usize> Fel for HeapD<D> {
    fn new() -> Self {
        HeapD { v: vec![Line([u128::MAX; 4]); 16], n: 0, seq: 0 }
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn push(&mut self, t: u64, p: u32) {
        let e = pack(t, &mut self.seq, p);
        if self.n + 2 * D > self.v.len() * 4 {
            self.grow();
        }
        let b = self.base();
        let mut i = self.n;
        self.n += 1;
        unsafe {
            while i > 0 {
                let q = (i - 1) / D;
                let pe = *b.add(q);
                if pe <= e {
                    break;
                }
                *b.add(i) = pe;
                i = q;
            }
            *b.add(i) = e;
        }
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn pop(&mut self) -> Option<(u64, u32)> {
        if self.n == 0 {
            return None;
        }
        self.n -= 1;
        let n = self.n;
        let b = self.base();
        unsafe {
            let top = *b;
            let last = *b.add(n);
            *b.add(n) = u128::MAX; // slots past the end always hold MAX: no bounds test among children
            if n > 0 {
                let mut i = 0;
                loop {
                    let c = D * i + 1;
                    if c >= n {
                        break;
                    }
                    let mut m = c;
                    let mut me = *b.add(c);
                    for k in 1..D {
                        let x = *b.add(c + k);
                        if x < me {
                            me = x;
                            m = c + k;
                        }
                    }
                    if me >= last {
                        break;
                    }
                    *b.add(i) = me;
                    i = m;
                }
                *b.add(i) = last;
            }
            Some(unpack(top))
        }
    }
    #[inline(always)]
    fn peek(&mut self) -> u64 {
        unsafe { (*self.base() >> 64) as u64 }
    }
    fn len(&self) -> usize {
        self.n
    }
}

// ---- 4-ary heap, bottom-up pop, pairwise minimum of the four children -------------
pub struct Heap4 {
    v: Vec<Line>,
    n: usize,
    seq: u64,
}
impl Heap4 {
    #[inline(always)]
    fn base(&mut self) -> *mut u128 {
        unsafe { (self.v.as_mut_ptr() as *mut u128).add(3) }
    }
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let l = self.v.len();
        self.v.resize(2 * l, Line([u128::MAX; 4]));
    }
}
impl Fel for Heap4 {
    fn new() -> Self {
        Heap4 { v: vec![Line([u128::MAX; 4]); 16], n: 0, seq: 0 }
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn push(&mut self, t: u64, p: u32) {
        let e = pack(t, &mut self.seq, p);
        if self.n + 8 > self.v.len() * 4 {
            self.grow();
        }
        let b = self.base();
        let mut i = self.n;
        self.n += 1;
        unsafe {
            while i > 0 {
                let q = (i - 1) / 4;
                let pe = *b.add(q);
                if pe <= e {
                    break;
                }
                *b.add(i) = pe;
                i = q;
            }
            *b.add(i) = e;
        }
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn pop(&mut self) -> Option<(u64, u32)> {
        if self.n == 0 {
            return None;
        }
        self.n -= 1;
        let n = self.n;
        let b = self.base();
        unsafe {
            let top = *b;
            let last = *b.add(n);
            *b.add(n) = u128::MAX;
            let mut i = 0;
            let mut c = 1;
            // walk the hole to the bottom along the smallest children
            while c < n {
                let (x0, x1, x2, x3) = (*b.add(c), *b.add(c + 1), *b.add(c + 2), *b.add(c + 3));
                let k0 = (x1 < x0) as usize;
                let k1 = 2 + (x3 < x2) as usize;
                let m0 = if k0 != 0 { x1 } else { x0 };
                let m1 = if k1 != 2 { x3 } else { x2 };
                let (m, k) = if m1 < m0 { (m1, k1) } else { (m0, k0) };
                *b.add(i) = m;
                i = c + k;
                c = 4 * i + 1;
            }
            if i != n {
                // put the last entry there and let it rise
                while i > 0 {
                    let q = (i - 1) / 4;
                    let pe = *b.add(q);
                    if pe <= last {
                        break;
                    }
                    *b.add(i) = pe;
                    i = q;
                }
                *b.add(i) = last;
            }
            Some(unpack(top))
        }
    }
    #[inline(always)]
    fn peek(&mut self) -> u64 {
        unsafe { (*self.base() >> 64) as u64 }
    }
    fn len(&self) -> usize {
        self.n
    }
}

// ---- calendar queue (Brown 1988), integer keys, power-of-two day width -----------
pub struct Calendar {
    b: Vec<Vec<u128>>, // each sorted descending: the earliest is at the end
    shift: u32,
    day: u64,
    n: usize,
    seq: u64,
}
impl Calendar {
    fn resize(&mut self, nb: usize) {
        let mut all: Vec<u128> = self.b.drain(..).flatten().collect();
        all.sort_unstable();
        // mean gap of the earliest part of the list, three entries to a day
        let k = all.len().min(64.max(all.len() / 8));
        if k > 8 {
            let span = ((all[k - 1] >> 64) - (all[0] >> 64)) as u64;
            let w = (span / (k as u64) * 3).max(1);
            self.shift = 64 - w.leading_zeros();
        }
        self.b = (0..nb).map(|_| Vec::new()).collect();
        if let Some(e) = all.first() {
            self.day = (e >> 64) as u64 >> self.shift;
        }
        let mask = nb as u64 - 1;
        for e in all.into_iter().rev() {
            let d = ((e >> 64) as u64 >> self.shift) & mask;
            self.b[d as usize].push(e);
        }
    }
    fn find(&mut self) -> Option<usize> {
        if self.n == 0 {
            return None;
        }
        let mask = self.b.len() as u64 - 1;
        let mut tries = 0;
        loop {
            let i = (self.day & mask) as usize;
            if let Some(e) = self.b[i].last() {
                if ((e >> 64) as u64 >> self.shift) <= self.day {
                    return Some(i);
                }
            }
            self.day += 1;
            tries += 1;
            if tries > self.b.len() {
                let e = self.b.iter().filter_map(|v| v.last()).min().unwrap();
                self.day = (e >> 64) as u64 >> self.shift;
                tries = 0;
            }
        }
    }
}
impl Fel for Calendar {
    fn new() -> Self {
        Calendar { b: (0..4).map(|_| Vec::new()).collect(), shift: 20, day: 0, n: 0, seq: 0 }
    }
    fn push(&mut self, t: u64, p: u32) {
        let e = pack(t, &mut self.seq, p);
        let day = t >> self.shift;
        if day < self.day {
            self.day = day;
        }
        let mask = self.b.len() as u64 - 1;
        let v = &mut self.b[(day & mask) as usize];
        let mut i = v.len();
        while i > 0 && v[i - 1] < e {
            i -= 1;
        }
        v.insert(i, e);
        self.n += 1;
        if self.n > 2 * self.b.len() {
            let nb = self.b.len() * 2;
            self.resize(nb);
        }
    }
    fn pop(&mut self) -> Option<(u64, u32)> {
        let i = self.find()?;
        let e = self.b[i].pop().unwrap();
        self.n -= 1;
        if self.n * 4 < self.b.len() && self.b.len() > 4 {
            let nb = self.b.len() / 2;
            self.resize(nb);
        }
        Some(unpack(e))
    }
    fn peek(&mut self) -> u64 {
        match self.find() {
            Some(i) => (*self.b[i].last().unwrap() >> 64) as u64,
            None => u64::MAX,
        }
    }
    fn len(&self) -> usize {
        self.n
    }
}

// ---- pairing heap in an arena ---------------------------------------------------
pub struct Pairing {
    e: Vec<u128>,
    child: Vec<u32>,
    sib: Vec<u32>,
    free: Vec<u32>,
    root: u32,
    n: usize,
    seq: u64,
    tmp: Vec<u32>,
}
const NIL: u32 = u32::MAX;
impl Pairing {
    #[inline(always)]
    fn meld(&mut self, a: u32, b: u32) -> u32 {
        if a == NIL {
            return b;
        }
        if b == NIL {
            return a;
        }
        let (x, y) = if self.e[a as usize] <= self.e[b as usize] { (a, b) } else { (b, a) };
        self.sib[y as usize] = self.child[x as usize];
        self.child[x as usize] = y;
        x
    }
}
impl Fel for Pairing {
    fn new() -> Self {
        Pairing {
            e: vec![],
            child: vec![],
            sib: vec![],
            free: vec![],
            root: NIL,
            n: 0,
            seq: 0,
            tmp: vec![],
        }
    }
    fn push(&mut self, t: u64, p: u32) {
        let e = pack(t, &mut self.seq, p);
        let i = match self.free.pop() {
            Some(i) => {
                self.e[i as usize] = e;
                self.child[i as usize] = NIL;
                self.sib[i as usize] = NIL;
                i
            }
            None => {
                self.e.push(e);
                self.child.push(NIL);
                self.sib.push(NIL);
                self.e.len() as u32 - 1
            }
        };
        self.root = self.meld(self.root, i);
        self.n += 1;
    }
    fn pop(&mut self) -> Option<(u64, u32)> {
        if self.root == NIL {
            return None;
        }
        let r = self.root;
        let e = self.e[r as usize];
        self.free.push(r);
        self.n -= 1;
        let mut c = self.child[r as usize];
        let mut tmp = std::mem::take(&mut self.tmp);
        while c != NIL {
            let a = c;
            let b = self.sib[a as usize];
            self.sib[a as usize] = NIL;
            if b == NIL {
                tmp.push(a);
                break;
            }
            c = self.sib[b as usize];
            self.sib[b as usize] = NIL;
            let m = self.meld(a, b);
            tmp.push(m);
        }
        let mut root = NIL;
        while let Some(x) = tmp.pop() {
            root = self.meld(root, x);
        }
        self.tmp = tmp;
        self.root = root;
        Some(unpack(e))
    }
    fn peek(&mut self) -> u64 {
        if self.root == NIL {
            u64::MAX
        } else {
            (self.e[self.root as usize] >> 64) as u64
        }
    }
    fn len(&self) -> usize {
        self.n
    }
}

// ---- radix heap (monotone: never pushes earlier than the last pop) ---------------
pub struct Radix {
    b: Vec<Vec<u128>>, // bucket k: highest bit in which the time differs from `last`
    last: u64,
    n: usize,
    seq: u64,
    head: usize, // bucket 0 is read from here on (FIFO by construction order)
}
impl Fel for Radix {
    fn new() -> Self {
        Radix { b: (0..65).map(|_| Vec::new()).collect(), last: 0, n: 0, seq: 0, head: 0 }
    }
    fn push(&mut self, t: u64, p: u32) {
        let e = pack(t, &mut self.seq, p);
        let k = 64 - (t ^ self.last).leading_zeros();
        self.b[k as usize].push(e);
        self.n += 1;
    }
    fn pop(&mut self) -> Option<(u64, u32)> {
        self.peek();
        if self.n == 0 {
            return None;
        }
        self.n -= 1;
        let e = self.b[0][self.head];
        self.head += 1;
        Some(unpack(e))
    }
    fn peek(&mut self) -> u64 {
        if self.n == 0 {
            return u64::MAX;
        }
        if self.head < self.b[0].len() {
            return self.last;
        }
        self.b[0].clear();
        self.head = 0;
        let k = (1..65).find(|&k| !self.b[k].is_empty()).unwrap();
        let mut v = std::mem::take(&mut self.b[k]);
        self.last = v.iter().map(|e| (e >> 64) as u64).min().unwrap();
        for &e in &v {
            let t = (e >> 64) as u64;
            let j = 64 - (t ^ self.last).leading_zeros();
            self.b[j as usize].push(e);
        }
        v.clear();
        self.b[k] = v;
        // equal times can arrive out of sequence order after several redistributions
        if self.b[0].len() > 1 {
            self.b[0].sort_unstable();
        }
        self.last
    }
    fn len(&self) -> usize {
        self.n
    }
}

// ---- 4-ary heap with positions, so that an entry can be taken out -----------------
pub struct IHeap {
    v: Vec<u128>,
    pos: Vec<u32>, // by payload
    seq: u64,
}
impl IHeap {
    #[inline(always)]
    fn set(&mut self, i: usize, e: u128) {
        self.v[i] = e;
        let p = (e as u64 & PMASK) as usize;
        self.pos[p] = i as u32;
    }
    #[inline(always)]
    fn up(&mut self, mut i: usize, e: u128) {
        while i > 0 {
            let q = (i - 1) / 4;
            let pe = self.v[q];
            if pe <= e {
                break;
            }
            self.set(i, pe);
            i = q;
        }
        self.set(i, e);
    }
    #[inline(always)]
    fn down(&mut self, mut i: usize, e: u128) {
        let n = self.v.len();
        loop {
            let c = 4 * i + 1;
            if c >= n {
                break;
            }
            let end = (c + 4).min(n);
            let mut m = c;
            let mut me = self.v[c];
            for k in c + 1..end {
                let x = self.v[k];
                if x < me {
                    me = x;
                    m = k;
                }
            }
            if me >= e {
                break;
            }
            self.set(i, me);
            i = m;
        }
        self.set(i, e);
    }
    fn remove(&mut self, p: u32) {
        let i = self.pos[p as usize] as usize;
        let last = self.v.pop().unwrap();
        if i < self.v.len() {
            let old = self.v[i];
            if last < old {
                self.up(i, last);
            } else {
                self.down(i, last);
            }
        }
    }
}
impl Fel for IHeap {
    fn new() -> Self {
        IHeap { v: vec![], pos: vec![], seq: 0 }
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn push(&mut self, t: u64, p: u32) {
        let e = pack(t, &mut self.seq, p);
        if self.pos.len() <= p as usize {
            self.pos.resize(p as usize * 2 + 16, 0);
        }
        self.v.push(e);
        let i = self.v.len() - 1;
        self.up(i, e);
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn pop(&mut self) -> Option<(u64, u32)> {
        let top = *self.v.first()?;
        let last = self.v.pop().unwrap();
        if !self.v.is_empty() {
            self.down(0, last);
        }
        Some(unpack(top))
    }
    #[inline(always)]
    fn peek(&mut self) -> u64 {
        self.v.first().map_or(u64::MAX, |e| (e >> 64) as u64)
    }
    fn len(&self) -> usize {
        self.v.len()
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn cancel(&mut self, p: u32) {
        self.remove(p)
    }
}
