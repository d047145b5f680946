internal import Domain

extension JudgeRequest {
    /// At most so many pictures: those of the event first, evenly chosen with the first and the last, then examples.
    func fitted(to maximum: Int?) -> JudgeRequest {
        guard let maximum, maximum > 0, pictures.count + references.count > maximum else { return self }
        var fitted = self
        if pictures.count > maximum {
            let last = pictures.count - 1
            // One alone is the middle one: by then there is something to be seen.
            fitted.pictures = (0..<maximum).map { index in
                pictures[maximum == 1 ? last / 2 : (index * last + (maximum - 1) / 2) / (maximum - 1)]
            }
        }
        fitted.references = Array(references.prefix(maximum - fitted.pictures.count))
        return fitted
    }
}
