/// The 80 classes of the COCO data set in the order of the network's output, and the plain words they stand for.
enum COCOClasses {
    static let names = [
        "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
        "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
        "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee", "skis",
        "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
        "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich",
        "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed",
        "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven",
        "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier",
        "toothbrush",
    ]

    /// What a class is, as far as movement goes.
    enum Kind: Hashable, Sendable {
        case person, vehicle, animal
        /// Does not move by itself.
        case thing
    }

    static let person = 0

    static func kind(_ index: Int) -> Kind {
        switch index {
        case 0: .person
        // Bicycle, car, motorcycle, bus, train, truck.
        case 1...3, 5...7: .vehicle
        case 14...23: .animal
        default: .thing
        }
    }
}

/// A definition's label as this detector understands it.
struct WantedLabel: Hashable, Sendable {
    /// Lower case, as it will be reported.
    var text: String
    /// The classes that count as it; empty where the detector knows no such thing.
    var classes: Set<Int>

    init(_ label: String) {
        let word = label.lowercased()
        let kind: COCOClasses.Kind? = ["person": .person, "vehicle": .vehicle, "animal": .animal][word]
        text = word
        classes = Set(
            COCOClasses.names.indices.filter { index in
                kind.map { COCOClasses.kind(index) == $0 } ?? (COCOClasses.names[index] == word)
            })
    }

    var includesVehicles: Bool { classes.contains { COCOClasses.kind($0) == .vehicle } }
}
