use baeum_core::{Dataset, Graph};
use serde_json::json;

use super::{Job, Session};
use crate::watch::{EventLog, MlFlow, Shown, TensorBoard, WatchError, Watcher};

impl<'a> Session<'a> {
    /// Those who write down how this network learns from these data, for programs that show it.
    pub(super) fn watchers(
        &self,
        graph: &Graph,
        data: &Dataset,
    ) -> Result<Vec<Box<dyn Watcher + 'a>>, WatchError> {
        let Job { place, plans, clock, name, .. } = self.job;
        let (fs, clock, folder) = (&*place.fs, &**clock, self.run.path());
        let record = self.run.record();
        let shown = Shown { run: folder, name, started: &record.started, recipe: &record.identity.recipe };
        let (mut log, torn) = EventLog::open(fs, &folder.join("events.jsonl"), clock)?;
        if let Some(torn) = torn {
            log.add("cut", json!({ "bytes": torn.bytes, "offset": torn.offset }))?;
        }
        let mut board = TensorBoard::create(fs, &folder.join("tensorboard"), clock)?;
        board.begin(&shown, graph)?;
        if plans.run.tensorboard() {
            board.look_inside(graph, data, plans.train.part_rows())?;
        }
        let mut watchers: Vec<Box<dyn Watcher + 'a>> = vec![Box::new(log), Box::new(board)];
        if plans.run.mlflow() {
            watchers.push(Box::new(MlFlow::create(fs, clock, &shown)?));
        }
        Ok(watchers)
    }
}
