//! The table of points as Parquet: typed columns, and nothing that differs from day to day.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use sim_core::{Column, ColumnCells};

/// Who writes it; without it the library would name itself.
const CREATED_BY: &str = concat!("busyhour version ", env!("CARGO_PKG_VERSION"));

/// A file of one row group, a row per point.
pub(super) fn parquet(columns: &[Column]) -> Result<Vec<u8>, ParquetError> {
    let fields: Result<Vec<TypePtr>, ParquetError> = columns.iter().map(field).collect();
    let schema = Type::group_type_builder("points").with_fields(fields?).build()?;
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::UNCOMPRESSED)
        .build();
    let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut rows = file.next_row_group()?;
    for column in columns {
        // there are as many as the schema has
        let Some(mut writer) = rows.next_column()? else { break };
        write(&column.cells, &mut writer)?;
        writer.close()?;
    }
    rows.close()?;
    file.into_inner()
}

/// Its place in the schema: only numbers may be absent.
fn field(column: &Column) -> Result<TypePtr, ParquetError> {
    let (physical, logical, repetition) = match column.cells {
        ColumnCells::Numbers(_) => (Physical::DOUBLE, None, Repetition::OPTIONAL),
        ColumnCells::Whole(_) => (Physical::INT64, None, Repetition::REQUIRED),
        ColumnCells::Texts(_) => {
            (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED)
        }
    };
    let field = Type::primitive_type_builder(&column.name, physical);
    field.with_repetition(repetition).with_logical_type(logical).build().map(Arc::new)
}

fn write(cells: &ColumnCells, to: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
    match cells {
        ColumnCells::Numbers(all) => {
            let there: Vec<i16> = all.iter().map(|value| i16::from(value.is_some())).collect();
            let values: Vec<f64> = all.iter().flatten().copied().collect();
            to.typed::<DoubleType>().write_batch(&values, Some(&there), None)?;
        }
        ColumnCells::Whole(all) => {
            to.typed::<Int64Type>().write_batch(all, None, None)?;
        }
        ColumnCells::Texts(all) => {
            let values: Vec<ByteArray> = all.iter().map(|text| ByteArray::from(&**text)).collect();
            to.typed::<ByteArrayType>().write_batch(&values, None, None)?;
        }
    }
    Ok(())
}
