// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser

/// The root command; each verb is a subcommand in a file of its own.
@main
struct USBPipe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usbpipe",
        abstract: "Lists USB devices and moves data through their pipes.",
        subcommands: [
            ListVerb.self, ShowVerb.self, PlanVerb.self, WatchVerb.self, ReadVerb.self, WriteVerb.self,
            ControlVerb.self,
            PlayVerb.self, RecordVerb.self, UdevRuleVerb.self, RunVerb.self,
        ])
}
