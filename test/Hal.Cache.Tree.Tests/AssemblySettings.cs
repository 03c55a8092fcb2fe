// Each test runs trees of processes: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
