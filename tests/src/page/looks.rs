//! How the page looks, against kept pictures: `BUSYHOUR_BLESS=1` keeps new ones.
//!
//! A picture is compared as the means of blocks of 8 by 8 pixels, which is also how it is kept: a
//! letter may be smoothed in another way, a chart may not be missing. A block is another one if a
//! channel is off by more than [`OFF`]. Of a page [`SHARE`] of the blocks may be other ones. Where
//! the machine has other fonts than the one that kept the pictures, every word is a little off and
//! [`SHARE_OF_OTHER_FONTS`] is allowed: then only a page that is plainly another one is seen.

use serde_json::{Value, json};

use super::{digest, page};
use crate::browser::Browser;
use crate::support::root;

/// How far a block's red, green or blue may be off, of 255.
const OFF: u32 = 24;
/// How much of a picture may be off; rows of blocks that only one of two has are off.
const SHARE: f64 = 0.005;
const SHARE_OF_OTHER_FONTS: f64 = 0.25;

/// Every picture of the pages: name, fragment, and what is there when it may be taken.
const PAGES: [(&str, &str, &str); 3] = [
    ("empty", "", "document.querySelector('.presets a')"),
    ("black-friday", "#preset=black-friday&play=max", "document.getElementById('digest')"),
    ("wrong", "#preset=black-fridy", "document.querySelector('[role=alert]')"),
];

/// Block means of a screenshot in base64, as a picture with a pixel for each block, and the means.
const SHRINK: &str = "async (shot) => {
  const image = new Image(); image.src = 'data:image/png;base64,' + shot; await image.decode();
  const [w, h] = [image.width >> 3, image.height >> 3];
  const full = new OffscreenCanvas(image.width, image.height).getContext('2d');
  full.drawImage(image, 0, 0);
  const from = full.getImageData(0, 0, image.width, image.height).data;
  const small = new ImageData(w, h);
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) for (let c = 0; c < 4; c++) {
    let sum = 0;
    for (let j = 0; j < 8; j++) for (let i = 0; i < 8; i++)
      sum += from[((y * 8 + j) * image.width + x * 8 + i) * 4 + c];
    small.data[(y * w + x) * 4 + c] = sum / 64;
  }
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [w, h];
  canvas.getContext('2d').putImageData(small, 0, 0);
  return canvas.toDataURL('image/png').split(',')[1];
}";

/// The share of pixels of two small pictures that differ, rows that only one has included.
const COMPARE: &str = "async (one, other, off) => {
  const load = async (shot) => {
    const image = new Image(); image.src = 'data:image/png;base64,' + shot; await image.decode();
    const pen = new OffscreenCanvas(image.width, image.height).getContext('2d');
    pen.drawImage(image, 0, 0);
    return pen.getImageData(0, 0, image.width, image.height);
  };
  const [a, b] = [await load(one), await load(other)];
  if (a.width !== b.width) return 1;
  const rows = Math.min(a.height, b.height);
  let differ = Math.abs(a.height - b.height) * a.width;
  for (let i = 0; i < rows * a.width * 4; i += 4)
    differ += [0, 1, 2].some((c) => Math.abs(a.data[i + c] - b.data[i + c]) > off);
  return differ / (a.width * Math.max(a.height, b.height));
}";

/// The page as it is, small, in base64. The browser then shows an empty page.
fn shot(browser: &mut Browser, width: u32) -> String {
    let height = browser.value("document.documentElement.scrollHeight");
    let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    browser.ask("Emulation.setDeviceMetricsOverride", size);
    // charts draw themselves on the frame after they come into view
    browser.value("new Promise((f) => requestAnimationFrame(() => setTimeout(f, 300)))");
    let taken = browser.ask("Page.captureScreenshot", json!({"format": "png"}));
    taken["data"].as_str().unwrap_or_default().to_owned()
}

fn shrunk(browser: &mut Browser, shot: &str) -> String {
    browser.blank();
    let small = browser.value(&format!("({SHRINK})({})", json!(shot)));
    small.as_str().unwrap_or_default().to_owned()
}

fn differ(browser: &mut Browser, one: &str, other: &str) -> f64 {
    let share: Value =
        browser.value(&format!("({COMPARE})({}, {}, {OFF})", json!(one), json!(other)));
    share.as_f64().unwrap_or(1.0)
}

fn open(browser: &mut Browser, (page, fragment, there): (&str, &str, &str), width: u32) {
    browser.screen(width, 1.0);
    browser.blank();
    browser.go(&format!("{page}{fragment}"));
    browser.wait(there, 120);
    if there.contains("digest") {
        digest(browser, "black-friday");
    }
}

/// What the machine's fonts make of a sentence: its widths.
fn fonts(browser: &mut Browser) -> String {
    let widths = browser.value(
        "['16px system-ui', '600 16px system-ui', '14px monospace'].map((font) => { \
         const pen = document.createElement('canvas').getContext('2d'); pen.font = font; \
         return pen.measureText('Rehearses a busy hour: 0123456789').width; })",
    );
    format!("{widths}\n")
}

#[test]
fn the_page_looks_as_it_did() {
    let Some(page) = page() else { return };
    let bless = std::env::var_os("BUSYHOUR_BLESS").is_some();
    let folder = root().join("tests/looks");
    let mut browser = Browser::start();
    let mut wrong = Vec::new();
    let (list, own) = (folder.join("fonts.json"), fonts(&mut browser));
    let same = std::fs::read_to_string(&list).is_ok_and(|kept| kept == own);
    let allowed = if same { SHARE } else { SHARE_OF_OTHER_FONTS };
    if bless {
        std::fs::write(&list, own).expect("the widths can be kept");
    }
    for theme in ["light", "dark"] {
        // moving dots would be wherever they are
        browser.media(&[("prefers-color-scheme", theme), ("prefers-reduced-motion", "reduce")]);
        for width in [1_400, 420] {
            for (name, fragment, there) in PAGES {
                open(&mut browser, (&page, fragment, there), width);
                let taken = shot(&mut browser, width);
                let found = shrunk(&mut browser, &taken);
                let path = folder.join(format!("{name}-{theme}-{width}.png"));
                if bless {
                    std::fs::write(&path, bytes(&found)).expect("the picture can be kept");
                    continue;
                }
                let kept = std::fs::read(&path).unwrap_or_default();
                let share = differ(&mut browser, &text(&kept), &found);
                if share > allowed {
                    let seen = std::env::temp_dir().join(format!("{name}-{theme}-{width}.png"));
                    std::fs::write(&seen, bytes(&taken)).expect("the picture can be written");
                    let (share, seen) = (share * 100.0, seen.display());
                    wrong.push(format!("{name} {theme} {width}: {share:.1} % differ, see {seen}"));
                }
            }
        }
    }
    let remedy = "if it should look so: BUSYHOUR_BLESS=1, and look at the pictures";
    assert!(wrong.is_empty(), "{}\n{remedy}", wrong.join("\n"));
}

#[test]
fn a_missing_chart_is_another_look() {
    let Some(page) = page() else { return };
    let mut browser = Browser::start();
    for width in [1_400, 420] {
        let done = "document.getElementById('digest')?.dataset.digest";
        let whole = (&page[..], "#preset=dead-peer&play=max", done);
        let mut look = |spoil: &str| {
            browser.screen(width, 1.0);
            browser.blank();
            browser.go(&format!("{}{}", whole.0, whole.1));
            browser.wait(whole.2, 60);
            browser.wait("document.querySelector('#heat canvas')", 10);
            browser.value(spoil);
            let taken = shot(&mut browser, width);
            shrunk(&mut browser, &taken)
        };
        let [one, same] = ["0", "0"].map(&mut look);
        let gone = look("document.querySelector('#latency').hidden = true");
        let blank = look(
            "(() => { const c = document.querySelector('#latency canvas'); \
                          c.style.visibility = 'hidden'; })()",
        );
        let same = differ(&mut browser, &one, &same);
        assert!(same < SHARE / 2.0, "{same} of {width} differ without a reason");
        for spoilt in [gone, blank] {
            let share = differ(&mut browser, &one, &spoilt);
            assert!(share > SHARE, "only {share} of {width} differ");
        }
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as base64.
fn text(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        let digit = |index: usize| ALPHABET[(word >> (18 - 6 * index)) as usize & 63] as char;
        out.extend((0..=chunk.len()).map(digit));
        out.extend(std::iter::repeat_n('=', 3 - chunk.len()));
    }
    out
}

/// What base64 stands for.
fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .bytes()
        .filter_map(|byte| ALPHABET.iter().position(|digit| *digit == byte))
        .map(|six| six as u32)
        .collect();
    let group = |four: &[u32]| {
        let word = four.iter().fold(0, |word, six| word << 6 | six) << (6 * (4 - four.len()));
        word.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}

#[test]
fn base64_there_and_back() {
    for all in [&b""[..], b"f", b"fo", b"foo", b"foob", b"\xff\x00\xfe\x01"] {
        assert_eq!(bytes(&text(all)), all);
    }
    assert_eq!(text(b"fooba"), "Zm9vYmE=");
}
