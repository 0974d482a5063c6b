"""What our model is compared with: classical descriptors, hashes and published models, behind one protocol.

Each is a `logosim.evaluation.protocol.Describer`. All of them see the same: the picture trimmed as for our own model,
its text left standing. `logosim.peers.registry` finds them by name.
"""

from __future__ import annotations

from logosim.peers.registry import PEERS, make_peer

__all__ = ["PEERS", "make_peer"]
