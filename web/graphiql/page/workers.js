// Monaco's workers are files of this origin: worker-src 'self' admits neither blobs nor data.
/* global WORKERS -- label to address, put in by the build */
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(WORKERS[label] ?? WORKERS.editor, { name: label }),
};
