// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The codes that methods and completions carry. Each is a constant expression of type IOReturn, written as the negative
// number that it is.

#ifndef SWIFTUSB_DRIVERKIT_IORETURN_H
#define SWIFTUSB_DRIVERKIT_IORETURN_H

#include <DriverKit/IOTypes.h>

// The same type as kern_return_t.
typedef kern_return_t IOReturn;

#define kIOReturnSuccess ((IOReturn)0x00000000)
#define kIOReturnError ((IOReturn)-0x1FFFFD44)  // 0xE00002BC
#define kIOReturnNoMemory ((IOReturn)-0x1FFFFD43)  // 0xE00002BD
#define kIOReturnNoResources ((IOReturn)-0x1FFFFD42)  // 0xE00002BE
#define kIOReturnIPCError ((IOReturn)-0x1FFFFD41)  // 0xE00002BF
#define kIOReturnNoDevice ((IOReturn)-0x1FFFFD40)  // 0xE00002C0
#define kIOReturnNotPrivileged ((IOReturn)-0x1FFFFD3F)  // 0xE00002C1
#define kIOReturnBadArgument ((IOReturn)-0x1FFFFD3E)  // 0xE00002C2
#define kIOReturnLockedRead ((IOReturn)-0x1FFFFD3D)  // 0xE00002C3
#define kIOReturnLockedWrite ((IOReturn)-0x1FFFFD3C)  // 0xE00002C4
#define kIOReturnExclusiveAccess ((IOReturn)-0x1FFFFD3B)  // 0xE00002C5
#define kIOReturnBadMessageID ((IOReturn)-0x1FFFFD3A)  // 0xE00002C6
#define kIOReturnUnsupported ((IOReturn)-0x1FFFFD39)  // 0xE00002C7
#define kIOReturnVMError ((IOReturn)-0x1FFFFD38)  // 0xE00002C8
#define kIOReturnInternalError ((IOReturn)-0x1FFFFD37)  // 0xE00002C9
#define kIOReturnIOError ((IOReturn)-0x1FFFFD36)  // 0xE00002CA
#define kIOReturnCannotLock ((IOReturn)-0x1FFFFD34)  // 0xE00002CC
#define kIOReturnNotOpen ((IOReturn)-0x1FFFFD33)  // 0xE00002CD
#define kIOReturnNotReadable ((IOReturn)-0x1FFFFD32)  // 0xE00002CE
#define kIOReturnNotWritable ((IOReturn)-0x1FFFFD31)  // 0xE00002CF
#define kIOReturnNotAligned ((IOReturn)-0x1FFFFD30)  // 0xE00002D0
#define kIOReturnBadMedia ((IOReturn)-0x1FFFFD2F)  // 0xE00002D1
#define kIOReturnStillOpen ((IOReturn)-0x1FFFFD2E)  // 0xE00002D2
#define kIOReturnRLDError ((IOReturn)-0x1FFFFD2D)  // 0xE00002D3
#define kIOReturnDMAError ((IOReturn)-0x1FFFFD2C)  // 0xE00002D4
#define kIOReturnBusy ((IOReturn)-0x1FFFFD2B)  // 0xE00002D5
#define kIOReturnTimeout ((IOReturn)-0x1FFFFD2A)  // 0xE00002D6
#define kIOReturnOffline ((IOReturn)-0x1FFFFD29)  // 0xE00002D7
#define kIOReturnNotReady ((IOReturn)-0x1FFFFD28)  // 0xE00002D8
#define kIOReturnNotAttached ((IOReturn)-0x1FFFFD27)  // 0xE00002D9
#define kIOReturnNoChannels ((IOReturn)-0x1FFFFD26)  // 0xE00002DA
#define kIOReturnNoSpace ((IOReturn)-0x1FFFFD25)  // 0xE00002DB
#define kIOReturnPortExists ((IOReturn)-0x1FFFFD23)  // 0xE00002DD
#define kIOReturnCannotWire ((IOReturn)-0x1FFFFD22)  // 0xE00002DE
#define kIOReturnNoInterrupt ((IOReturn)-0x1FFFFD21)  // 0xE00002DF
#define kIOReturnNoFrames ((IOReturn)-0x1FFFFD20)  // 0xE00002E0
#define kIOReturnMessageTooLarge ((IOReturn)-0x1FFFFD1F)  // 0xE00002E1
#define kIOReturnNotPermitted ((IOReturn)-0x1FFFFD1E)  // 0xE00002E2
#define kIOReturnNoPower ((IOReturn)-0x1FFFFD1D)  // 0xE00002E3
#define kIOReturnNoMedia ((IOReturn)-0x1FFFFD1C)  // 0xE00002E4
#define kIOReturnUnformattedMedia ((IOReturn)-0x1FFFFD1B)  // 0xE00002E5
#define kIOReturnUnsupportedMode ((IOReturn)-0x1FFFFD1A)  // 0xE00002E6
#define kIOReturnUnderrun ((IOReturn)-0x1FFFFD19)  // 0xE00002E7
#define kIOReturnOverrun ((IOReturn)-0x1FFFFD18)  // 0xE00002E8
#define kIOReturnDeviceError ((IOReturn)-0x1FFFFD17)  // 0xE00002E9
#define kIOReturnNoCompletion ((IOReturn)-0x1FFFFD16)  // 0xE00002EA
#define kIOReturnAborted ((IOReturn)-0x1FFFFD15)  // 0xE00002EB
#define kIOReturnNoBandwidth ((IOReturn)-0x1FFFFD14)  // 0xE00002EC
#define kIOReturnNotResponding ((IOReturn)-0x1FFFFD13)  // 0xE00002ED
#define kIOReturnIsoTooOld ((IOReturn)-0x1FFFFD12)  // 0xE00002EE
#define kIOReturnIsoTooNew ((IOReturn)-0x1FFFFD11)  // 0xE00002EF
#define kIOReturnNotFound ((IOReturn)-0x1FFFFD10)  // 0xE00002F0
#define kIOReturnInvalid ((IOReturn)-0x1FFFFFFF)  // 0xE0000001

#endif
