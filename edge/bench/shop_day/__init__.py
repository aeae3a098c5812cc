"""A shop's day before one shelf camera: painted, acted, filmed and judged, all from one seed."""
