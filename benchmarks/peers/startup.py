"""Whole processes: starting, reading 1,797 x 64 digits-like rows from npy files, training ten epochs, ending."""
STARTUP = {
    "numpy by hand": "startup_numpy.py",
    "scikit-learn": "startup_sklearn.py",
    "JAX": "startup_jax.py",
    "PyTorch": "startup_torch.py",
}
ROWS, FEATURES, CLASSES, EPOCHS, BATCH = 1797, 64, 10, 10, 64


def made_by_thalweg(folder):
    return ["bench", "softmax", f"--rows={ROWS}", f"--features={FEATURES}", f"--outputs={CLASSES}", f"--batch={BATCH}",
            "--order=shuffled", "--memory=1", "--time=0", "--repetitions=1", f"--write-data={folder}"]


def trained_by_thalweg(folder, epochs=EPOCHS, loss="softmax_cross_entropy", batch=BATCH):
    return ["train", f"--data.train={folder}/x.npy", f"--data.target={folder}/target.npy", "--data.standardize=false",
            f"--model.loss={loss}", "--optimizer.name=sgd", "--optimizer.lr=0.1", f"--train.epochs={epochs}",
            f"--train.batch_size={batch}", "--quiet"]
