// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USB

extension Interface {
    /// Gives the interface back in the setting that reserves no bus time, even if the task has been cancelled.
    func giveBack() async {
        await Interruption.shielding {
            if self.alternateSetting.descriptor.alternateSetting != 0 { try? await self.selectAlternateSetting(0) }
            await self.release()
        }
    }
}
