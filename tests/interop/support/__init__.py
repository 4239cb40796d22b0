# SPDX-License-Identifier: MIT
"""What the wire tests share: a Digest client of its own, raw HTTP, a small
origin, and gateways that are started and stopped."""
