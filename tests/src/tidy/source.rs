//! Rust text as the rules read it: without comments and strings, without tests, as paths.

/// `text` with comments, strings and characters blanked; lines and columns stay.
pub(super) fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = skip(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// The end of the comment, string or character that starts at `at`, or `at` if none does.
fn skip(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => find(chars, at, |w| w[0] == '\n'),
        '/' if next == Some('*') => find(chars, at + 2, |w| w.starts_with(&['*', '/'])) + 2,
        '"' => quoted(chars, at),
        'r' if matches!(next, Some('"' | '#')) && !joined(chars, at) => raw(chars, at),
        '\'' if next == Some('\\') => find(chars, at + 3, |w| w[0] == '\'') + 1,
        '\'' if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
    .min(chars.len())
}

fn find(chars: &[char], from: usize, here: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|&i| here(&chars[i..])).unwrap_or(chars.len())
}

/// Does an identifier's character stand right before `at`?
fn joined(chars: &[char], at: usize) -> bool {
    // `b` of a byte string is no identifier
    at > 0 && is_word(chars[at - 1]) && chars[at - 1] != 'b'
}

fn quoted(chars: &[char], at: usize) -> usize {
    let mut i = at + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

fn raw(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + 1 + hashes) != Some(&'"') {
        return at; // a raw identifier
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    find(chars, at + 2 + hashes, |w| w.starts_with(&close)) + close.len()
}

/// Could `c` stand in an identifier?
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `code` with every item under `#[cfg(test)]` blanked.
pub(super) fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let rest = &out[start..];
        let end = match rest.find(['{', ';']) {
            Some(i) if rest[i..].starts_with('{') => start + i + block(&rest[i..]),
            Some(i) => start + i + 1,
            None => out.len(),
        };
        let blank: String =
            out[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end, &blank);
    }
    out
}

/// The length of the block that `code` begins with, braces included.
pub(super) fn block(code: &str) -> usize {
    let mut depth = 0_i32;
    for (i, c) in code.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 {
            return i + 1;
        }
    }
    code.len()
}

/// The line, from one, of a byte offset.
pub(super) fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where `word` stands alone, as byte offsets.
pub(super) fn word_at<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Every path that starts with `root`, groups spread out, with its line.
pub(super) fn paths(code: &str, root: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for at in word_at(code, root) {
        // the middle of a longer path is not a start
        if !code[..at].trim_end().ends_with("::") {
            let mut whole = Vec::new();
            spread(&code[at..], &[], &mut whole);
            found.extend(whole.into_iter().map(|path| (line(code, at), path)));
        }
    }
    found
}

/// Reads one path of a `use` or an expression; `{...}` makes several of it.
fn spread(code: &str, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    let mut rest = code;
    loop {
        rest = rest.trim_start();
        if rest.starts_with('{') {
            return code.len() - rest.len() + group(rest, &path, found);
        }
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len()).max(1).min(rest.len());
        path.push(rest[..word].to_owned());
        rest = &rest[word..];
        match rest.trim_start().strip_prefix("::") {
            Some(more) if !more.trim_start().starts_with('<') => rest = more,
            _ => break,
        }
    }
    found.push(path);
    code.len() - rest.len()
}

fn group(code: &str, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut at = 1;
    while at < code.len() {
        match code[at..].chars().next() {
            Some('}') => return at + 1,
            Some(c) if is_word(c) || c == '*' => at += spread(&code[at..], before, found),
            Some(c) => at += c.len_utf8(),
            None => break,
        }
        // `as name` belongs to the path before it
        if let Some(renamed) = code[at..].trim_start().strip_prefix("as ") {
            let name = renamed.trim_start();
            at = code.len() - name.len() + name.find(|c| !is_word(c)).unwrap_or(name.len());
        }
    }
    at
}

#[test]
fn comments_strings_and_characters_are_not_code() {
    let text = "a // b\nc /* d\n */ e \"f \\\" g\" r#\"h \" i\"# '{' '\\'' 'k: loop b\"m\"";
    let seen: String = code(text).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(seen, "a c e 'k: loop b");
    assert_eq!(code(text).matches('\n').count(), text.matches('\n').count());
}

#[test]
fn tests_can_be_left_out() {
    let text =
        "fn a() {}\n#[cfg(test)]\nmod t {\n fn b() { { } }\n}\nfn c() {}\n#[cfg(test)]\nmod u;";
    let seen = without_tests(text);
    assert_eq!(seen.split_whitespace().collect::<String>(), "fna(){}fnc(){}");
}

#[test]
fn groups_spread_out_into_paths() {
    let text = "use a::{b::{self, C}, d as e, f::*};\nlet x = a::g::<u8>();\nlet y = z::a::h;";
    let seen: Vec<String> =
        paths(text, "a").into_iter().map(|(l, p)| format!("{l} {}", p.join("::"))).collect();
    assert_eq!(seen, ["1 a::b::self", "1 a::b::C", "1 a::d", "1 a::f::*", "2 a::g"]);
}
