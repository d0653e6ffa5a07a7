/// How the cores are shared out between the stages.
struct CoreShare {
    let decoder: Int
    let filter: Int
    let encoder: Int

    init(cores: Int) {
        decoder = min(cores + 1, 8)
        filter = min(cores, 4)
        encoder = max(1, min(cores * 3 / 2, 24))
    }
}
