//! log-linear histogram of nanoseconds, 128 sub-buckets per octave (error < 0.8 %)
const SUB: u32 = 7;
pub struct Hist {
    c: Vec<u64>,
    pub n: u64,
    pub sum: u64,
}
impl Default for Hist {
    fn default() -> Self {
        Hist { c: vec![0; ((64 - SUB as usize) + 1) << SUB], n: 0, sum: 0 }
    }
}
impl Hist {
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    pub fn record(&mut self, ns: u64) {
        self.n += 1;
        self.sum += ns;
        let v = ns | (1 << SUB);
        let sh = 63 - SUB - v.leading_zeros();
        let i = ((sh as usize) << SUB) + (v >> sh) as usize;
        if i < self.c.len() {
            self.c[i] += 1;
        }
    }
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.n as f64 * 1e-9
    }
    pub fn q(&self, p: f64) -> f64 {
        let want = (p * self.n as f64).ceil() as u64;
        let mut acc = 0;
        for (i, &k) in self.c.iter().enumerate() {
            acc += k;
            if acc >= want {
                let (sh, m) = if i < (2 << SUB) {
                    (0, i)
                } else {
                    ((i >> SUB) - 1, (i & ((1 << SUB) - 1)) + (1 << SUB))
                };
                return (m as f64 + 0.5) * (1u64 << sh) as f64 * 1e-9;
            }
        }
        f64::NAN
    }
}
