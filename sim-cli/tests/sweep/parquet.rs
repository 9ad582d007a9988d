//! The table of points as Parquet says what the CSV says.

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::{Desk, POINTS, fine, fs};

/// A cell as the CSV has it.
fn cell(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Long(whole) => whole.to_string(),
        Field::Double(number) => number.to_string(),
        Field::Str(text) => text.clone(),
        other => panic!("no such type in a table of points: {other:?}"),
    }
}

#[test]
fn parquet_says_what_the_csv_says_and_keeps_types() {
    let desk = Desk::new("parquet");
    fine(&desk.sweep("out", &[]));
    let file = fs::File::open(desk.0.join("out/points.parquet")).expect("the table");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let csv = desk.text("out/points.csv");
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let mut rows = 0;
    for row in reader.get_row_iter(None).expect("rows") {
        let row = row.expect("a row");
        let columns: Vec<(&String, &Field)> = row.get_column_iter().collect();
        let found: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, names);
        let cells: Vec<String> = columns.iter().map(|(_, field)| cell(field)).collect();
        assert_eq!(cells.join(","), lines.next().expect("as many lines"));
        let of = |name: &str| columns.iter().find(|(known, _)| *known == name).expect(name).1;
        assert!(matches!(of("point"), Field::Long(_)) && matches!(of("verdict"), Field::Str(_)));
        assert!(matches!(of("latency_ms.p99"), Field::Double(_)));
        rows += 1;
    }
    assert_eq!((rows, lines.next()), (POINTS, None));
    let about = reader.metadata().file_metadata();
    let writer = format!("busyhour version {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(about.created_by(), Some(&*writer), "nothing in it changes from day to day");
}
