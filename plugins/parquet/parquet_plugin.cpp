// Parquet files as Arrow C streams, for a program that does not link Arrow itself
// (host/data/parquet_plugin.hpp). It links the Arrow of a Python environment that has pyarrow;
// plugins/parquet/parquet.sh builds it.
#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>

#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace {

/// Few enough that a batch of a thousand columns is some hundred megabytes at most.
constexpr int64_t kBatchRows = int64_t{1} << 14;

/// The batches of a file, which stays open as long as they are read.
class FileBatches : public arrow::RecordBatchReader {
 public:
  static arrow::Result<std::shared_ptr<FileBatches>> open(const std::string& path) {
    ARROW_ASSIGN_OR_RAISE(auto input, arrow::io::ReadableFile::Open(path));
    ARROW_ASSIGN_OR_RAISE(auto file,
                          parquet::arrow::OpenFile(std::move(input), arrow::default_memory_pool()));
    file->set_use_threads(true);
    file->set_batch_size(kBatchRows);
    ARROW_ASSIGN_OR_RAISE(auto batches, file->GetRecordBatchReader());
    return std::make_shared<FileBatches>(std::move(file), std::move(batches));
  }

  FileBatches(std::unique_ptr<parquet::arrow::FileReader> file,
              std::unique_ptr<arrow::RecordBatchReader> batches)
      : file_(std::move(file)), batches_(std::move(batches)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return batches_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    return batches_->ReadNext(batch);
  }

 private:
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
};

arrow::Status export_file(const char* path, ArrowArrayStream* stream) {
  ARROW_ASSIGN_OR_RAISE(auto batches, FileBatches::open(path));
  return arrow::ExportRecordBatchReader(std::move(batches), stream);
}

thread_local std::string last_error;

}  // namespace

extern "C" {

/// Of these functions.
[[gnu::visibility("default")]] int thalweg_parquet_version() { return 1; }

/// Null, or what is wrong, until the thread's next call.
[[gnu::visibility("default")]] const char* thalweg_parquet_open(const char* path, ArrowArrayStream* stream) {
  try {
    const arrow::Status status = export_file(path, stream);
    if (status.ok()) return nullptr;
    last_error = status.message();
  } catch (const std::exception& error) {
    last_error = error.what();
  }
  return last_error.c_str();
}
}
