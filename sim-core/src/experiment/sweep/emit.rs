//! Job files for schedulers that people have: each task plays one shard of a sweep.

/// What a job file is written from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The job's name: letters, digits and dashes.
    pub name: String,
    /// The sweep file, as the tasks see it.
    pub sweep: String,
    /// The folder for results, as the tasks see it.
    pub output: String,
    /// How many shards.
    pub shards: u32,
    /// The image that holds `busyhour`, where there are containers.
    pub image: String,
    /// The volume claim that holds the sweep's files and gets the results, where there are volumes.
    pub claim: String,
}

impl Job {
    /// A Kubernetes Indexed Job; every task finds its shard in `JOB_COMPLETION_INDEX`.
    #[must_use]
    pub fn to_kubernetes(&self) -> String {
        let Job { name, sweep, output, shards, image, claim } = self;
        let args = ["sweep", sweep, "--output", output, "--shard", &format!("auto/{shards}")]
            .map(|word| serde_json::Value::from(word).to_string());
        let args = args.join(", ");
        let [image, claim] = [image, claim].map(|word| serde_json::Value::from(&**word));
        format!(
            "# kubectl apply -f this, wait for it, and then, where the volume is mounted:
#   busyhour sweep merge {output}
# A task that is killed or evicted is started again and goes on where it was.
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
spec:
  completionMode: Indexed
  completions: {shards}
  parallelism: {shards}
  backoffLimit: {limit}
  template:
    spec:
      restartPolicy: OnFailure
      containers:
        - name: busyhour
          image: {image}
          command: [busyhour]
          args: [{args}, \"--quiet\"]
          resources:
            requests: {{cpu: \"1\", memory: 512Mi}}
          volumeMounts:
            - {{name: sweep, mountPath: /sweep}}
      volumes:
        - name: sweep
          persistentVolumeClaim: {{claimName: {claim}}}
",
            limit = 6 * shards,
        )
    }

    /// A Slurm batch script of an array; every task finds its shard in `SLURM_ARRAY_TASK_ID`.
    #[must_use]
    pub fn to_slurm(&self) -> String {
        let Job { name, sweep, output, shards, .. } = self;
        let [sweep, output] = [sweep, output].map(|word| shell(word));
        format!(
            "#!/bin/sh
# sbatch this, and when all tasks are done:
#   busyhour sweep merge {output}
# A task whose node is lost is put back into the queue; it goes on where it was.
#SBATCH --job-name={name}
#SBATCH --array=0-{last}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --requeue
tries=0
until busyhour sweep {sweep} --output {output} --shard auto/{shards} \\
  --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" --quiet
do
  code=$?
  # what was killed goes on where it was; a mistake does not go away by itself
  tries=$((tries + 1))
  if [ $code -le 128 ] || [ $tries -ge 5 ]; then exit $code; fi
done
",
            last = shards - 1,
        )
    }
}

/// A word as a POSIX shell takes it.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
