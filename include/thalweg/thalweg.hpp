#pragma once
// Thalweg, the whole public API.
#include "thalweg/config.hpp"
#include "thalweg/context.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/epoch_batches.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/metrics.hpp"
#include "thalweg/model.hpp"
#include "thalweg/per_sample.hpp"
#include "thalweg/schedule.hpp"
#include "thalweg/trainer.hpp"
#include "thalweg/verify.hpp"
