"""Labels with a QR code, as PNG and as SVG."""
