import Domain
import Testing

struct DamagedPicturesTests {
    @Test func `pictures from a loss to the next keyframe are damaged`() {
        var damaged = DamagedPictures()
        for index in 0..<40 {
            damaged.received(
                at: MediaTime(seconds: Double(index) / 10), isKeyframe: index % 10 == 0,
                followsLoss: [0, 13, 15, 30].contains(index))
        }
        let hurt = (0..<40).filter { damaged.contains(MediaTime(seconds: Double($0) / 10)) }
        #expect(hurt == Array(13..<20))
    }

    @Test func `with keyframes far apart a loss blinds for two seconds and not for ever`() {
        var damaged = DamagedPictures()
        for index in 0..<100 {
            damaged.received(
                at: MediaTime(seconds: Double(index) / 10), isKeyframe: index == 0, followsLoss: index % 7 == 6)
        }
        let hurt = (0..<100).filter { damaged.contains(MediaTime(seconds: Double($0) / 10)) }
        #expect(hurt == Array(6..<26))
    }

    @Test func `any number of losses is remembered in bounded space`() {
        var damaged = DamagedPictures()
        for index in 0..<10_000 {
            damaged.received(
                at: MediaTime(seconds: Double(index)), isKeyframe: index % 2 == 0, followsLoss: index % 2 == 1)
        }
        #expect(damaged.contains(MediaTime(seconds: 9999)))
        #expect(!damaged.contains(MediaTime(seconds: 9998)))
        #expect(!damaged.contains(MediaTime(seconds: 1)))
    }
}
