//! Events added to a scenario's text, so that everything else in it stays as a person wrote it.

/// The text with more events at the end of its list, each in YAML on one line, like
/// `{at: 5m, kill: web}`.
///
/// # Errors
/// A sentence if the text has a list of events that cannot be added to.
pub fn append_events(text: &str, events: &[String]) -> Result<String, String> {
    let mut out = text.to_owned();
    if events.is_empty() {
        return Ok(out);
    }
    let mut from = 0;
    let line = text.split_inclusive('\n').find_map(|line| {
        let start = from;
        from += line.len();
        line.starts_with("events:").then_some((start, line))
    });
    let Some((start, line)) = line else {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str("events:\n");
        events.iter().for_each(|event| out.push_str(&format!("  - {event}\n")));
        return Ok(out);
    };
    let value = line["events:".len()..].trim_start();
    let after = start + line.len() - value.len();
    if value.starts_with('[') {
        let end = after + closing(&text[after..]).ok_or("its list of events has no end")?;
        let inside = text[after + 1..end].trim_end();
        let comma = match inside.trim() {
            "" => "",
            more if more.ends_with(',') => " ",
            _ => ", ",
        };
        out.insert_str(end, &format!("{comma}{}", events.join(", ")));
        return Ok(out);
    }
    if !value.is_empty() && !value.starts_with('#') {
        return Err("its events are no list: write events: and a line - {...} for each".to_owned());
    }
    let (indent, end) = block(text, start + line.len());
    let lines: String = events.iter().map(|event| format!("{indent}- {event}\n")).collect();
    let newline = if text[..end].ends_with('\n') { "" } else { "\n" };
    out.insert_str(end, &format!("{newline}{lines}"));
    Ok(out)
}

/// The indentation of a block list that begins here, and where its last item ends.
fn block(text: &str, start: usize) -> (String, usize) {
    let (mut indent, mut end, mut from) = (None, start, start);
    for line in text[start..].split_inclusive('\n') {
        from += line.len();
        let inside = line.trim_start();
        let leading = &line[..line.len() - inside.len()];
        if inside.is_empty() || inside.starts_with('#') {
            continue;
        }
        if leading.is_empty() && !inside.starts_with("- ") {
            break;
        }
        indent.get_or_insert_with(|| leading.to_owned());
        end = from;
    }
    (indent.unwrap_or_else(|| "  ".to_owned()), end)
}

/// Where the bracket that opens a text is closed.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_u32, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(text: &str) -> String {
        append_events(text, &["{at: 9s, kill: web}".to_owned()]).unwrap()
    }

    #[test]
    fn a_list_grows_where_it_stands_and_comments_stay() {
        let text = "a: 1\nevents:   # what happens\n  - {at: 1s, kill: db}  # first\n\n# then\n\
                    objectives: []\n";
        let wanted = "a: 1\nevents:   # what happens\n  - {at: 1s, kill: db}  # first\n  - {at: \
                      9s, kill: web}\n\n# then\nobjectives: []\n";
        assert_eq!(appended(text), wanted);
        let flush = "events:\n- at: 1s\n  kill: db\nb: 2";
        let wanted = "events:\n- at: 1s\n  kill: db\n- {at: 9s, kill: web}\nb: 2";
        assert_eq!(appended(flush), wanted);
        assert_eq!(appended("events:\n  - x"), "events:\n  - x\n  - {at: 9s, kill: web}\n");
    }

    #[test]
    fn a_comment_neither_ends_a_list_nor_belongs_to_what_comes_before_it() {
        let text = "events:\n  - x\n# half-way\n  - y\n  # what must hold\nobjectives: []\n";
        let wanted = "events:\n  - x\n# half-way\n  - y\n  - {at: 9s, kill: web}\n  # what must \
                      hold\nobjectives: []\n";
        assert_eq!(appended(text), wanted);
    }

    #[test]
    fn a_list_in_brackets_grows_inside_them() {
        let text = "events: [{at: 1s, kill: 'web[0]'}]\nb: 2\n";
        assert_eq!(
            appended(text),
            "events: [{at: 1s, kill: 'web[0]'}, {at: 9s, kill: web}]\nb: 2\n"
        );
        assert_eq!(appended("events: []\n"), "events: [{at: 9s, kill: web}]\n");
        let tall = "events: [\n  {at: 1s, kill: db},\n]\n";
        let wanted = "events: [\n  {at: 1s, kill: db},\n {at: 9s, kill: web}]\n";
        assert_eq!(appended(tall), wanted);
    }

    #[test]
    fn a_text_without_events_gets_a_list() {
        assert_eq!(appended("a: 1"), "a: 1\nevents:\n  - {at: 9s, kill: web}\n");
        assert_eq!(append_events("a: 1", &[]).as_deref(), Ok("a: 1"));
        assert!(append_events("events: none", &["{}".to_owned()]).is_err());
        assert!(append_events("events: [", &["{}".to_owned()]).is_err());
    }
}
