// Each test runs whole server processes and judges their memory and their answers in time: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
