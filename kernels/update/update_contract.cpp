#include "kernels/base/contract.hpp"
#include "kernels/update/update.hpp"

namespace thalweg {
namespace {

/// The segments lie in the arena one behind the other. Returns where the used elements of the last one end:
/// no op reads or writes the padding.
template <class Args>
std::int64_t require_segments(Contract& op, const Args& a) {
  op.reads("segments", a.segments, a.segment_count);
  std::int64_t end = 0, used_end = 0;
  for (int s = 0; s < a.segment_count; ++s) {
    const UpdateSegment& segment = a.segments[s];
    op.at_least({"segment", "offset"}, segment.offset, end);
    op.at_least({"segment", "size"}, segment.size, 0);
    op.equal({"segment", "offset modulo kSegmentAlign"}, segment.offset % kSegmentAlign, 0);
    op.equal({"segment", "size modulo kSegmentAlign"}, segment.size % kSegmentAlign, 0);
    op.within({"segment", "used"}, segment.used, 0, segment.size);
    op.within({"segment", "group"}, segment.group, 0, kMaxGroups - 1);
    end = segment.offset + segment.size;
    used_end = segment.offset + segment.used;
  }
  return used_end;
}

/// Returns where the elements end.
std::int64_t require_touched(Contract& op, const TouchedElements& t) {
  if (t.features == nullptr) return 0;
  op.at_least({"touched", "in_features"}, t.in_features, 0);
  op.at_least({"touched", "outputs"}, t.outputs, 0);
  op.at_least({"touched", "offset"}, t.offset, 0);
  op.reads({"touched", "features"}, t.features, t.capacity);
  op.reads({"touched", "count"}, t.count, 1);
  return t.offset + t.outputs * t.in_features;
}

}  // namespace

void require_contract(const RecordArgs& a) {
  Contract op("update.record");
  op.reads("losses", a.losses, a.count);
  op.reads("statistics_before", a.statistics_before, a.statistics_size);
  op.writes("burst", a.burst, 1);
  op.writes("records", a.records, 1);
  op.writes("statistics", a.statistics, a.statistics_size);
}

void require_contract(const UpdateArgs& a) {
  Contract op("update.step");
  const std::int64_t end = require_segments(op, a);
  if (a.touched.features != nullptr) {
    op.equal("segment_count", a.segment_count, 1);
    op.equal({"touched", "offset"}, a.touched.offset, a.segments->offset);
    op.equal({"touched", "end"}, require_touched(op, a.touched), a.segments->offset + a.segments->used);
  }
  op.reads("scalars", a.scalars, 1);
  op.may_read("grad_scale", a.grad_scale, 1);
  op.may_read("squared_norm", a.squared_norm, 1);
  op.reads("grad", a.grad, end);
  op.writes("param", a.param, end);
  for (int s = 0; s < state_count(a.rule); ++s) op.writes("state", a.state[s], end);
  op.may_write("average", a.average, end);
}

void require_contract(const GradientNormArgs& a) {
  Contract op("update.gradient_norm");
  const std::int64_t end = require_segments(op, a), touched_end = require_touched(op, a.touched);
  for (int s = 0; a.touched.features != nullptr && s < a.segment_count; ++s) {
    const UpdateSegment& segment = a.segments[s];
    op.require(touched_end <= segment.offset || segment.offset + segment.size <= a.touched.offset,
               "touched elements are those of a segment, too");
  }
  op.reads("grad", a.grad, end < touched_end ? touched_end : end);
  op.writes("out", a.out, 2);
}

void require_contract(const ProjectArgs& a) {
  Contract op("update.project");
  const std::int64_t end = require_segments(op, a);
  op.reads("scalars", a.scalars, 1);
  op.may_read("squared_norm", a.squared_norm, 1);
  op.writes("param", a.param, end);
  op.may_write("average", a.average, end);
}

}  // namespace thalweg
