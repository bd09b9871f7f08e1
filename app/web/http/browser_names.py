"""Browser names: what a user agent is called, as far as it tells; enough to know one's own browsers again."""

# In this order: most of them also claim to be those further below.
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "Linux": "Linux",
}


def browser_called(user_agent: str) -> str:
    """Return browser and system of a user agent in words."""
    browser = next((name for sign, name in _BROWSERS.items() if f"{sign}/" in user_agent), "")
    system = next((name for sign, name in _SYSTEMS.items() if sign in user_agent), "")
    if not browser:
        return user_agent[:40] or "Unknown browser"
    return f"{browser} on {system}" if system else browser
